import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildChatEvent } from './events.js';
import { startFunctionParts } from './local-parts.js';
import { startLocalSecret } from './local-secret.js';
import { LAMBDA_NODE_ARGUMENTS } from './node-binary.js';

const run = promisify(execFile);

interface CodeCacheOptions {
  /** Arguments of the Node that will use the cache. Lambda's by default. */
  readonly nodeArguments?: readonly string[];
  /** Whether the function reads its secret at start, as in `template.yaml`. True by default. */
  readonly readsSecret?: boolean;
}

/**
 * Writes the code cache of a package. A process of `node` loads it and handles a turn with each entry first.
 *
 * @param folder - of the package.
 * @param node - path of the Node that will run the package.
 * @returns the versions of that Node and its V8.
 * @throws Error when an event gets another status than expected.
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
      { entry: 'lambda', event: buildChatEvent(parts.token), status: 200 },
      { entry: 'lambda', event: buildChatEvent('none'), status: 401 },
      { entry: 'lambda-stream', event: buildChatEvent(parts.token, '/chat/stream'), status: 200 },
      { entry: 'lambda-stream', event: buildChatEvent('none', '/chat/stream'), status: 401 },
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
