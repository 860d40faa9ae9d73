import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chatEvent } from './events.js';
import { startFunctionParts } from './local-parts.js';
import { startLocalSecret } from './local-secret.js';
import { LAMBDA_NODE_ARGUMENTS } from './node-binary.js';

const run = promisify(execFile);

interface CodeCacheOptions {
  /** The arguments of Node that the cache is for; by default Lambda's. */
  readonly nodeArguments?: readonly string[];
  /** Whether it reads its secret at start, as the functions of `template.yaml` do, or is given it. */
  readonly readsSecret?: boolean;
}

/**
 * Has `node` load the package in `folder`, handle a turn of each entry with the embedded parts, and write its code cache.
 *
 * @returns the versions of that Node and its V8.
 * @throws Error when an event is not answered as it should be.
 */
export async function writeCodeCache(
  folder: string,
  node: string,
  { nodeArguments = LAMBDA_NODE_ARGUMENTS, readsSecret = true }: CodeCacheOptions = {},
): Promise<string> {
  const parts = await startFunctionParts({});
  const secret = await startLocalSecret(parts.variables['JWT_SECRET_KEY'] ?? '');
  try {
    const events = [
      { entry: 'lambda', event: chatEvent(parts.token), status: 200 },
      { entry: 'lambda', event: chatEvent('none'), status: 401 },
      { entry: 'lambda-stream', event: chatEvent(parts.token, '/chat/stream'), status: 200 },
      { entry: 'lambda-stream', event: chatEvent('none', '/chat/stream'), status: 401 },
    ];
    const maker = join(import.meta.dirname, 'code-cache-maker.mjs');
    const env = { ...parts.variables, ...(readsSecret && secret.variables) };
    await run(node, [...nodeArguments, maker, folder, JSON.stringify(events)], { env });
    const versions = '`${process.versions.node} (V8 ${process.versions.v8})`';
    return (await run(node, ['-p', versions])).stdout.trim();
  } finally {
    await Promise.all([parts.close(), secret.close()]);
  }
}
