import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { silence } from './silence.js';

/** The service as a program of its own, started by `src/main.ts`. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it has written so far, to either stream. */
  output(): string;
  /** Ends it and waits until it is gone. */
  close(): Promise<void>;
}

/** @param clock - epoch milliseconds at which its clock stands still. */
export async function startServerProcess(
  variables: Record<string, string>,
  { clock }: { clock?: number } = {},
): Promise<ServerProcess> {
  const preload = ['@swc-node/register/esm-register', ...(clock ? [`data:text/javascript,Date.now=()=>${clock}`] : [])];
  const child = spawn(process.execPath, [...preload.flatMap((name) => ['--import', name]), 'src/main.ts'], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', PORT: '0', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
      silence.wrote(`the server process ${child.pid}`, piece);
    });
  }
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /Listening on (http:\/\/[^\s"]+)/.exec(output)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  return {
    url,
    child,
    output: () => output,
    close: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
