import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findAgentClient } from '../support/agent-client.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { FAULT_CASES, type FaultCase, isLate, LATE_DEADLINE } from '../support/fault-matrix.js';
import { faultPage } from '../support/fault-page.js';
import { sentTo } from '../support/redirected-request.js';
import { itEachTogether } from '../support/together.js';
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

describe('a turn whose agent fails', () => {
  let shared: ChatApp;
  let ports: Awaited<ReturnType<typeof startUnreachable>>;
  /** The port that replaces the agent's port. */
  let port: number | undefined;
  beforeAll(async () => {
    ports = await startUnreachable();
    shared = await startChatApp();
    findAgentClient(shared).middlewareStack.add(
      (next) => (args) => next(port === undefined ? args : { ...args, request: sentTo(args.request, port) }),
      { step: 'finalizeRequest', priority: 'low' },
    );
  });
  afterAll(() => Promise.all([shared.close(), ports.close()]));

  it.each(FAULT_CASES.filter((row) => !isLate(row)))('$place the first event: $fault', (row) => check(shared, row));

  itEachTogether(FAULT_CASES.filter(isLate), '$place the first event: $fault', async (row) => {
    const app = await startChatApp({ AGENT_TIMEOUT_MS: LATE_DEADLINE });
    try {
      await check(app, row);
    } finally {
      await app.close();
    }
  });

  async function check(app: ChatApp, row: FaultCase): Promise<void> {
    const { directive, status, error, stored, invocations, unreachable } = row;
    const turn = async (prompt: string, id?: string) =>
      (await app.chat({ prompt, chat_id: id }).expect(200)).body.chat as { id: string; messages: StoredMessage[] };
    const { id, messages: first } = await turn('first');
    const before = app.agent.invocations.length;

    port = unreachable && ports[unreachable];
    const prompt = `second ${directive}`;
    const answer = await app.chat({ prompt, chat_id: id });
    port = undefined;

    expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
    expect(answer.headers).toMatchObject({ 'chat-id': id, 'turn-id': `${id}:2` });
    const asked = app.agent.invocations.slice(before);
    expect(asked).toHaveLength(invocations);
    expect(new Set(asked.map(({ sessionId }) => sessionId)).size).toBe(Math.min(1, invocations));
    if (status !== 200) {
      expect(answer.text).not.toMatch(/arn:|EMULATED|Exception|second/);
      if (status === 429 || status === 503) expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      if (status >= 500) expect(answer.body.message).toContain(answer.headers['x-request-id']);
      else expect(Object.keys(answer.body)).toEqual(['error']);
    }

    const kept = ((await app.read(id).expect(200)).body.chat.messages as StoredMessage[]).slice(2);
    expect(kept.map(({ role, status: state }) => [role, state])).toEqual(KEPT[stored]);
    expect(kept[0]?.content).toBe(prompt);

    // After a complete turn the session continues. After any other a new session gets the history once.
    await turn('third', id);
    expect((await turn('fourth', id)).messages.at(-2)?.content).toBe('fourth');
    const [third, fourth] = app.agent.invocations.slice(-2);
    const told = third?.conversationHistory?.map(({ role, text }) => ({ role, content: text }));
    const history = [...first, ...(stored === 'partial' ? kept : [])].map(({ role, content }) => ({ role, content }));
    if (stored === 'done') expect(told).toBeUndefined();
    else if (bytesOf(history) <= SEED_MAX_BYTES) expect(told).toEqual(history);
    else {
      const cut = `${told?.at(-1)?.content.slice(0, -1)}`;
      expect(told).toEqual([history.at(-2), { role: 'assistant', content: `${cut}…` }]);
      expect(history.at(-1)?.content.startsWith(cut)).toBe(true);
      expect(bytesOf(told ?? [])).toBe(SEED_MAX_BYTES);
    }
    expect(third?.sessionId === asked[0]?.sessionId).toBe(stored === 'done');
    expect(fourth).toMatchObject({ sessionId: third?.sessionId, prompt: 'fourth' });
    expect(fourth).not.toHaveProperty('conversationHistory');
  }

  it('is described in docs/faults.md as these tests run it', async () => {
    const page = await readFile(new URL('../../docs/faults.md', import.meta.url), 'utf8');
    expect(page).toBe(faultPage(FAULT_CASES));
  });
});
