import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFunctionParts } from './local-parts.js';
import { chatEvent } from './events.js';

const run = promisify(execFile);

/**
 * Has `node` load the package in `folder`, handle a turn of each entry with the embedded parts, and write its code cache.
 *
 * @returns the version of that Node.
 * @throws Error when an event is not answered as it should be.
 */
export async function writeCodeCache(folder: string, node: string): Promise<string> {
  const parts = await startFunctionParts({});
  try {
    const events = [
      { entry: 'lambda', event: chatEvent(parts.token), status: 200 },
      { entry: 'lambda', event: chatEvent('none'), status: 401 },
      { entry: 'lambda-stream', event: chatEvent(parts.token, '/chat/stream'), status: 200 },
      { entry: 'lambda-stream', event: chatEvent('none', '/chat/stream'), status: 401 },
    ];
    const maker = join(import.meta.dirname, 'code-cache-maker.mjs');
    await run(node, [maker, folder, JSON.stringify(events)], { env: parts.variables });
    return (await run(node, ['--version'])).stdout.trim().slice(1);
  } finally {
    await parts.close();
  }
}
