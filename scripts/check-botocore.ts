import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AgentEvent, AgentProvider } from '../src/chat/agent/agent.js';
import { toSettings } from '../test/support/agent-providers.js';
import { type BotocoreCall, type CheckedAgent, startCheckedAgents } from './botocore/agents.js';
import { installBotocore, NoBotocoreError } from './botocore/install.js';

/**
 * `npm run check:botocore`: reads the streams of the emulated agents with botocore, AWS's client for Python, and compares
 * it with what our providers read. A line says if botocore cannot be installed.
 */
const READER = join(import.meta.dirname, 'botocore/read-streams.py');
const TIMEOUT_MS = 120_000;

/** What is read of a reply. */
interface Reply {
  readonly text: string;
  readonly uris: readonly string[];
  /** Input and output. */
  readonly tokens: readonly [number, number];
  /** The exception that ended it, as the stream names it. */
  readonly exception: string | null;
}

async function main(): Promise<void> {
  const python = await installBotocore();
  const expected = await useAgents(async (agents) => (await Promise.all(agents.map(readByProvider))).flat());
  const { version, replies } = await useAgents((agents) => {
    for (const agent of agents) agent.prepare();
    const calls = agents.flatMap(({ prompts, toCall }) => prompts.map(toCall));
    return readByBotocore(python, calls);
  });
  deepStrictEqual(replies, expected);
  console.log(`botocore ${version} reads ${replies.length} replies of the emulated agents as our providers do`);
}

/** Each reader has agents of its own, because a directive counts its attempts. */
async function useAgents<T>(read: (agents: readonly CheckedAgent[]) => Promise<T>): Promise<T> {
  const agents = await startCheckedAgents();
  try {
    return await read(agents);
  } finally {
    await Promise.all(agents.map(({ emulator }) => emulator.close()));
  }
}

async function readByProvider({ provider, emulator, prompts, prepare }: CheckedAgent): Promise<Reply[]> {
  const client = provider.create(toSettings({ ...provider.variables, [provider.endpointVariable]: emulator.endpoint }));
  prepare();
  const replies: Reply[] = [];
  for (const prompt of prompts) replies.push(await readReply(client, prompt));
  client.close();
  return replies;
}

async function readReply(client: AgentProvider, prompt: string): Promise<Reply> {
  const deadline = Date.now() + TIMEOUT_MS;
  const request = { sessionId: randomUUID(), prompt, history: [], actorId: 'a'.repeat(64), deadline, attributes: {} };
  const events: AgentEvent[] = [];
  let exception: string | null = null;
  try {
    for await (const event of client.reply(request, AbortSignal.timeout(TIMEOUT_MS))) events.push(event);
  } catch (error) {
    const { name } = (error as Error).cause as Error;
    exception = name.charAt(0).toLowerCase() + name.slice(1);
  }
  const usages = events.filter((event) => event.type === 'usage');
  return {
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    uris: events.flatMap((event) => (event.type === 'citation' && event.citation.uri ? [event.citation.uri] : [])),
    tokens: [sum(usages.map(({ inputTokens }) => inputTokens)), sum(usages.map(({ outputTokens }) => outputTokens))],
    exception,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The emulators answer in this process, so it must not block. */
async function readByBotocore(
  python: string,
  calls: readonly BotocoreCall[],
): Promise<{ readonly version: string; readonly replies: readonly Reply[] }> {
  const reading = promisify(execFile)(python, [READER], { timeout: TIMEOUT_MS, maxBuffer: 10_000_000 });
  reading.child.stdin?.end(JSON.stringify(calls));
  return JSON.parse((await reading).stdout) as { version: string; replies: Reply[] };
}

// The emulators accept any credentials.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
try {
  await main();
} catch (error) {
  if (error instanceof NoBotocoreError) {
    console.warn(`!!! SKIPPED: botocore: ${error.message}`);
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
