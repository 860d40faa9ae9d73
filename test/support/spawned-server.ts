import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve as toAbsolute } from 'node:path';
import { expectDescribedResponses } from './openapi/response-listener.js';
import { silence } from './silence.js';

/** The service, bundled by `global-setup.mjs`. */
export const SERVICE = 'build/test/server/main.js';
const LONGER_TIMEOUTS = './test/support/preload-longer-timeouts.mjs';
/** Runs a program in TypeScript. */
const TYPESCRIPT = ['--import', './scripts/typescript.mjs'];

/** The service as a process of its own. */
export interface SpawnedServer {
  /** What it has printed so far, on both streams. */
  readonly printed: string;
  readonly isRunning: boolean;
  /** Its exit code; null when it was killed. */
  readonly exited: Promise<number | null>;
  /** Waits for a line. Throws with everything that was printed when the process ends first. */
  untilPrinted(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and waits for the end. A process that has already ended gets no signal. */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>;
}

/** A service that listens. */
export interface ListeningServer extends SpawnedServer {
  readonly url: string;
}

export interface SpawnOptions {
  /** How many seconds its clock is ahead of ours, so that a lease runs out without waiting. 0 by default. */
  readonly clockAheadSeconds?: number;
  /** Epoch milliseconds at which its clock stands still. */
  readonly fixedClock?: number;
  /** The working directory, with a file `.env` for example. By default the root of the repository. */
  readonly folder?: string;
  /** A script in TypeScript and its arguments, to run instead of the service. */
  readonly script?: readonly string[];
}

const running = new Set<SpawnedServer>();

/** Starts the service, or another program. It gets these variables, `PATH`, and a free port. */
export function spawnServer(
  variables: Readonly<Record<string, string>>,
  { clockAheadSeconds, fixedClock, folder, script }: SpawnOptions = {},
): SpawnedServer {
  const preloads = [
    ...(script === undefined ? ['--import', toAbsolute(LONGER_TIMEOUTS)] : []),
    ...(clockAheadSeconds === undefined ? [] : ['--import', clockAhead(clockAheadSeconds)]),
    ...(fixedClock === undefined ? [] : ['--import', `data:text/javascript,Date.now=()=>${fixedClock}`]),
  ];
  const program = script === undefined ? [toAbsolute(SERVICE)] : [...TYPESCRIPT, ...script];
  const child = spawn(process.execPath, [...preloads, ...program], {
    env: { PATH: process.env['PATH'], PORT: '0', ...variables },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let isRunning = true;
  const outputs = [child.stdout, child.stderr];
  for (const stream of outputs) {
    stream.setEncoding('utf8').on('data', (piece: string) => (printed += piece));
  }
  // Unlike `exit`, `close` comes after everything was read.
  const exited = once(child, 'close').then(([code]) => {
    isRunning = false;
    running.delete(server);
    silence.wrote(`the server process ${child.pid}`, withoutBanner(printed));
    return code as number | null;
  });
  const server: SpawnedServer = {
    get printed() {
      return printed;
    },
    get isRunning() {
      return isRunning;
    },
    exited,
    untilPrinted(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(printed);
          if (found) resolve(found);
          else if (!isRunning) reject(new Error(`It ended instead of printing ${pattern}:\n${printed}`));
        };
        for (const stream of outputs) stream.on('data', look);
        void exited.then(look);
        look();
      });
    },
    end(signal) {
      if (isRunning) child.kill(signal);
      return exited;
    },
  };
  running.add(server);
  return server;
}

/** Starts the service as in production and waits until it listens. */
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

/** Kills all servers that still run: for `afterEach` and `afterAll`. */
export async function killServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.end('SIGKILL')));
}

async function listening(server: SpawnedServer): Promise<ListeningServer> {
  const [, url = ''] = await server.untilPrinted(/(?:Listening|ready) on (http:[^"\s]+)/);
  void server.exited.then(expectDescribedResponses(url));
  // The getters must stay getters, because their values change.
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
