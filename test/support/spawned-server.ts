import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { silence } from './silence.js';

const COMMAND = ['--import', '@swc-node/register/esm-register'];
const LOOK_AGAIN_MILLISECONDS = 25;

/** The service as a process of its own. */
export interface SpawnedServer {
  /** What it has printed so far, on both streams. */
  readonly printed: string;
  /** Its exit code; null when it was killed. */
  readonly exited: Promise<number | null>;
  /** Waits for a line. Throws with all that was printed when the process ends first. */
  untilPrinted(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and waits for the end; a process that has ended already is left alone. */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>;
}

/** A service that listens. */
export interface ListeningServer extends SpawnedServer {
  readonly url: string;
}

export interface SpawnOptions {
  /** How many seconds its clock is ahead of ours: a lease runs out for it without anybody waiting. 0 by default. */
  readonly clockAheadSeconds?: number;
  /** What is run, and its arguments; by default the service. */
  readonly program?: readonly string[];
}

const running = new Set<SpawnedServer>();

/** Starts `src/main.ts`, or another program, with these variables and no others but those that a shell needs. */
export function spawnServer(
  variables: Readonly<Record<string, string>>,
  { clockAheadSeconds = 0, program = ['src/main.ts'] }: SpawnOptions = {},
): SpawnedServer {
  const env = { PATH: process.env['PATH'], PORT: '0', ...variables };
  const clock = clockAheadSeconds === 0 ? [] : ['--import', clockAhead(clockAheadSeconds)];
  const child = spawn(process.execPath, [...clock, ...COMMAND, ...program], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (printed += String(piece)));
  let hasEnded = false;
  const exited = once(child, 'exit').then(([code]) => {
    hasEnded = true;
    running.delete(server);
    silence.wrote(`the server process ${child.pid}`, withoutBanner(printed));
    return code as number | null;
  });
  const server: SpawnedServer = {
    get printed() {
      return printed;
    },
    exited,
    async untilPrinted(pattern) {
      for (;;) {
        const found = pattern.exec(printed);
        if (found) return found;
        if (hasEnded) throw new Error(`It ended instead of printing ${pattern}:\n${printed}`);
        await Promise.race([exited, wait(LOOK_AGAIN_MILLISECONDS)]);
      }
    },
    end(signal) {
      if (!hasEnded) child.kill(signal);
      return exited;
    },
  };
  running.add(server);
  return server;
}

/** Starts the service as in production, with `variables` for its configuration, and waits until it listens. */
export async function startServer(
  variables: Readonly<Record<string, string>>,
  options?: SpawnOptions,
): Promise<ListeningServer> {
  return listening(spawnServer({ NODE_ENV: 'production', ...variables }, options));
}

/** Starts the service in local mode, with its table, its agent's sessions and its key in a folder. */
export async function startLocalServer(
  dataDir: string,
  variables: Readonly<Record<string, string>>,
  options?: SpawnOptions,
): Promise<ListeningServer> {
  return listening(spawnServer({ HOME: dataDir, DATA_DIR: dataDir, ...variables }, options));
}

/** Kills whatever was started and still runs: for `afterEach` and `afterAll`. */
export async function killServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.end('SIGKILL')));
}

async function listening(server: SpawnedServer): Promise<ListeningServer> {
  const [, url = ''] = await server.untilPrinted(/(?:Listening|ready) on (http:[^"\s]+)/);
  // The getter must stay one: what is printed goes on growing.
  return Object.create(server, { url: { value: url } }) as ListeningServer;
}

/** The banner of local mode has a token and a prompt in the lines to paste, and nowhere else. */
function withoutBanner(printed: string): string {
  return printed.replaceAll(/^ {4}(export ID_TOKEN=|export CHAT_ID=|curl ).*$/gm, '');
}

/** A module, loaded before all others, that turns the clock of its process forward. */
function clockAhead(seconds: number): string {
  const source = `
    const now = Date.now;
    Date.now = () => now() + ${seconds * 1000};
    globalThis.Date = new Proxy(Date, {
      construct: (target, given, self) => Reflect.construct(target, given.length ? given : [Date.now()], self),
    });`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
