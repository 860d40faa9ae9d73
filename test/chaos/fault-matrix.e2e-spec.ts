import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HarnessStopReason } from '@aws-sdk/client-bedrock-agentcore';
import { StopReason } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentEmulator, AgentInvocation } from '../../src/local/emulator/agent-server.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { findAgentClient } from '../support/agent-client.js';
import { type ProviderUnderTest, PROVIDERS } from '../support/agent-providers.js';
import { type ChatApp, startChatAppWith } from '../support/chat-app.js';
import { putItem, readItems, waitForRelease } from '../support/chat-items.js';
import { FAULT_ROWS, isLate, isWaiting, LATE_DEADLINE, listFaultCases } from '../support/fault-matrix.js';
import { faultPage } from '../support/fault-page.js';
import type { FaultCase } from '../support/fault-rows.js';
import { sentTo } from '../support/redirected-request.js';
import { itEachBeside } from '../support/together.js';
import { readStream } from '../support/ui-stream.js';
import { startUnreachable } from '../support/unreachable.js';

interface StoredMessage {
  readonly role: string;
  readonly content: string;
  readonly status?: string;
}

const KEPT = {
  done: [['user', undefined], ['assistant', undefined]], // prettier-ignore
  partial: [['user', undefined], ['assistant', 'partial']], // prettier-ignore
  failed: [['user', 'failed']],
};

/** Largest history for a new session, in bytes. */
const SEED_MAX_BYTES = 100_000;
const bytesOf = (messages: readonly { readonly content: string }[]) =>
  messages.reduce((bytes, { content }) => bytes + Buffer.byteLength(content), 0);

/** A service with a chat of one turn. Each case has a copy of the chat. */
interface OpenedApp extends ChatApp<AgentEmulator> {
  readonly firstMessages: readonly StoredMessage[];
  readonly firstItems: Awaited<ReturnType<typeof readItems>>;
}

/** An agent, and the services that ask it: with the usual deadline, and with the deadline of late turns. */
interface AgentUnderTest {
  readonly provider: ProviderUnderTest;
  readonly shared: OpenedApp;
  readonly late: OpenedApp;
}

/** A turn with a fault, and the chat that it is in. */
interface EndedTurn {
  readonly id: string;
  readonly prompt: string;
  readonly asked: readonly AgentInvocation[];
}

const CASES = PROVIDERS.flatMap(({ name }) => listFaultCases(name));

/**
 * The next turn depends on how a turn ended, not on its fault. So it is sent for one case of each end, and for large and
 * for broken texts.
 */
const CONTINUED: ReadonlySet<FaultCase> = new Set([
  ...new Map(
    CASES.map((row) => [[row.agent, row.status, row.stored, row.finishReason, row.invocations > 0].join(), row]),
  ).values(),
  ...CASES.filter(({ directive }) => /bytes=|surrogates/.test(directive)),
]);

const TITLE = '$agent, $place the first event: $fault';

describe('a turn whose agent fails', () => {
  let agents: ReadonlyMap<string, AgentUnderTest>;
  let ports: Awaited<ReturnType<typeof startUnreachable>>;
  beforeAll(async () => {
    ports = await startUnreachable();
    const started = await Promise.all(PROVIDERS.map(startAgent));
    agents = new Map(started.map((agent) => [agent.provider.name, agent]));
  });
  afterAll(async () => {
    await Promise.all([...agents.values()].flatMap(({ shared, late }) => [shared.close(), late.close()]));
    await ports.close();
  });

  async function startAgent(provider: ProviderUnderTest): Promise<AgentUnderTest> {
    async function start(variables: Record<string, string>): Promise<OpenedApp> {
      const app = await startChatAppWith({ ...provider, emulator: await provider.startEmulator() }, variables);
      const { id, messages } = (await app.chat({ prompt: 'first' }).expect(200)).body.chat;
      return { ...app, firstMessages: messages, firstItems: await readItems(app, id) };
    }
    const [shared, late] = await Promise.all([start({}), start({ AGENT_TIMEOUT_MS: LATE_DEADLINE })]);
    // Sends a prompt that names a port to that port, instead of the agent's.
    findAgentClient(shared).middlewareStack.add(
      (next) => (args) => {
        const [, name] = /second at the port (refused|unanswered)/.exec(JSON.stringify(args.input)) ?? [];
        if (name === undefined) return next(args);
        return next({ ...args, request: sentTo(args.request, ports[name as 'refused' | 'unanswered']) });
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    return { provider, shared, late };
  }

  it.each(CASES.filter((row) => !isWaiting(row)))(TITLE, check);
  // Turns that mostly wait run beside the others, so each finds its invocations by their prompts.
  itEachBeside(CASES.filter(isWaiting), TITLE, check);

  async function check(row: FaultCase): Promise<void> {
    const { directive, unreachable, status, error, finishReason, stored, invocations } = row;
    const apps = agents.get(row.agent)!;
    const app = isLate(row) ? apps.late : apps.shared;
    const findInvocations = (prompt: string) => app.agent.invocations.filter((call) => call.prompt === prompt);
    const id = randomUUID();
    await Promise.all(app.firstItems.map((item) => putItem(app, { ...item, id })));

    const body = { prompt: `second ${directive || `at the port ${unreachable}`}`, chat_id: id };
    const key = { 'idempotency-key': 'second' };
    const response = await app.chat(body, 'alice', key);
    expect({ status: response.status, error: response.body.error }).toEqual({ status, error });
    expect(response.headers).toMatchObject({ 'chat-id': id, 'turn-id': `${id}:2` });
    const asked = findInvocations(body.prompt);
    expect(asked).toHaveLength(invocations);
    expect(new Set(asked.map(({ sessionId }) => sessionId)).size).toBe(Math.min(1, invocations));
    if (status === 200) {
      const replay = await readStream(app.url, body, { headers: key });
      expect(replay.events.at(-1)).toMatchObject({ type: 'finish', finishReason });
      expect(findInvocations(body.prompt)).toHaveLength(invocations);
    } else {
      expect(response.text).not.toMatch(/arn:|EMULATED|Exception|ClientError|second/);
      if (status === 429 || status === 503) expect(response.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      if (status >= 500) expect(response.body.message).toContain(response.headers['x-request-id']);
      else expect(Object.keys(response.body)).toEqual(['error']);
    }

    await waitForRelease(app, id);
    const turn = (await readItems(app, id)).find(({ user_id: sortKey }) => sortKey === turnSortKey('alice', 2));
    expect(turn).toMatchObject({ prompt: body.prompt, status: stored });
    expect(turn !== undefined && 'answer' in turn).toBe(stored !== 'failed');
    if (CONTINUED.has(row)) await checkNextTurn(app, row, { id, prompt: body.prompt, asked });
  }

  /** The history shows the turn. After a complete one the session continues, else a new session gets the history. */
  async function checkNextTurn(app: OpenedApp, row: FaultCase, { id, prompt: ended, asked }: EndedTurn): Promise<void> {
    const prompt = `third of ${id}`;
    const { chat } = (await app.chat({ prompt, chat_id: id }).expect(200)).body;
    const kept = (chat.messages as StoredMessage[]).slice(2, -2);
    expect(kept.map(({ role, status }) => [role, status])).toEqual(KEPT[row.stored]);
    expect(kept[0]?.content).toBe(ended);
    for (const { content } of kept) expect(content).not.toMatch(/\p{Cs}|\uFFFD/u);

    const third = app.agent.invocations.find((call) => call.prompt === prompt);
    const continues = agents.get(row.agent)!.provider.memory !== undefined && row.finishReason === 'stop';
    expect(third?.sessionId === asked[0]?.sessionId).toBe(continues);
    const told = third?.conversationHistory?.map(({ role, text }) => ({ role, content: text }));
    const isTold = row.stored !== 'failed' && row.finishReason !== 'content-filter';
    const history = [...app.firstMessages, ...(isTold ? kept : [])].map(({ role, content }) => ({ role, content }));
    if (continues) expect(told).toBeUndefined();
    else if (bytesOf(history) <= SEED_MAX_BYTES) expect(told).toEqual(history);
    else {
      const cut = `${told?.at(-1)?.content.slice(0, -1)}`;
      expect(told).toEqual([history.at(-2), { role: 'assistant', content: `${cut}…` }]);
      expect(history.at(-1)?.content.startsWith(cut)).toBe(true);
      expect(bytesOf(told ?? [])).toBe(SEED_MAX_BYTES);
    }
  }
});

describe('the fault matrix', () => {
  it.each([
    ['AgentCore harness', HarnessStopReason],
    ['Bedrock Converse', StopReason],
  ] as const)('has every stop reason of the assistant: %s', (agent, reasons) => {
    const directives = listFaultCases(agent).map(({ directive }) => directive);
    const missing = Object.values(reasons).filter(
      (reason) => !directives.includes(`[[fault stop-reason reason=${reason}]]`),
    );
    // Ends a message of the user.
    expect(missing.filter((reason) => reason !== 'tool_result')).toEqual([]);
  });

  it('is described in docs/faults.md as these tests run it', async () => {
    const page = await readFile(new URL('../../docs/faults.md', import.meta.url), 'utf8');
    expect(page).toBe(faultPage(FAULT_ROWS));
  });
});
