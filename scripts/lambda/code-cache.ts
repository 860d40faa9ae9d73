import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildChatEvent } from './events.js';
import { AGENT_KINDS, type AgentKind } from './local-agents.js';
import { startFunctionParts } from './local-parts.js';
import { startLocalSecret } from './local-secret.js';
import { LAMBDA_NODE_ARGUMENTS } from './node-binary.js';

const run = promisify(execFile);

interface CodeCacheOptions {
  /** Arguments of the Node that will use the cache. Lambda's by default. */
  readonly nodeArguments?: readonly string[];
  /** Whether the function reads its secret at start, as in `template.yaml`. True by default. */
  readonly readsSecret?: boolean;
  /** The kinds of agents that the cache is for. All by default. */
  readonly agents?: readonly AgentKind[];
}

interface CodeCacheRuns extends Pick<CodeCacheOptions, 'nodeArguments'> {
  readonly runs: readonly Pick<Run, 'variables' | 'events'>[];
}

/** The functions of a package with one kind of agent, and the events that they handle. */
interface Run {
  readonly variables: Readonly<Record<string, string>>;
  readonly events: readonly { readonly entry: string; readonly event: object; readonly status: number }[];
  close(): Promise<void>;
}

/**
 * Writes the code cache of a package. A process of `node` loads it, and handles a turn with each entry and agent first.
 *
 * @param folder - of the package.
 * @param node - path of the Node that will run the package.
 * @returns the versions of that Node and its V8.
 * @throws Error when an event gets another status than expected.
 */
export async function writeCodeCache(
  folder: string,
  node: string,
  { nodeArguments = LAMBDA_NODE_ARGUMENTS, readsSecret = true, agents = AGENT_KINDS }: CodeCacheOptions = {},
): Promise<string> {
  const runs = await Promise.all(agents.map((agent) => prepareRun(agent, readsSecret)));
  try {
    await makeCodeCache(folder, node, { nodeArguments, runs });
    const versions = '`${process.versions.node} (V8 ${process.versions.v8})`';
    return (await run(node, ['-p', versions])).stdout.trim();
  } finally {
    await Promise.all(runs.map((one) => one.close()));
  }
}

/** Writes a code cache of what a package does when it is loaded, and of these runs. */
export async function makeCodeCache(
  folder: string,
  node: string,
  { nodeArguments = LAMBDA_NODE_ARGUMENTS, runs }: CodeCacheRuns,
): Promise<void> {
  const maker = join(import.meta.dirname, 'code-cache-maker.mjs');
  const given = JSON.stringify(runs.map(({ variables, events }) => ({ variables, events })));
  await run(node, [...nodeArguments, maker, folder, given], { env: {} });
}

async function prepareRun(agent: AgentKind, readsSecret: boolean): Promise<Run> {
  const parts = await startFunctionParts({}, agent);
  const secret = await startLocalSecret(parts.variables['JWT_SECRET_KEY'] ?? '');
  return {
    variables: { ...parts.variables, ...(readsSecret && secret.variables) },
    events: [
      { entry: 'lambda', event: buildChatEvent(parts.token), status: 200 },
      { entry: 'lambda', event: buildChatEvent('none'), status: 401 },
      { entry: 'lambda-stream', event: buildChatEvent(parts.token, '/chat/stream'), status: 200 },
      { entry: 'lambda-stream', event: buildChatEvent('none', '/chat/stream'), status: 401 },
    ],
    close: async () => {
      await Promise.all([parts.close(), secret.close()]);
    },
  };
}
