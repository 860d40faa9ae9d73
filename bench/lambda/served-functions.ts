import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildVariables } from '../measured-server.js';

const ROOT = join(import.meta.dirname, '../..');

/** One environment of each function of the package, behind an HTTP server. */
export interface ServedFunctions {
  readonly url: string;
  stop(): void;
}

/**
 * Starts `npm run lambda -- serve` with the package in build/lambda, on Lambda's runtime client.
 *
 * @throws Error when it ends before it is ready.
 */
export async function serveFunctions({ agent, table }: { agent: string; table: string }): Promise<ServedFunctions> {
  const child = spawn(process.execPath, ['--import', './scripts/typescript.mjs', 'scripts/lambda.ts', 'serve'], {
    cwd: ROOT,
    env: { ...process.env, ...buildVariables(agent, table), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const piece of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    const url = /ready on (\S+)/.exec((printed += String(piece)))?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, stop: () => void child.kill('SIGTERM') };
  }
  throw new Error('The functions are not served');
}
