import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from './support/chat-app.js';
import { FAULT_CASES } from './support/fault-matrix.js';
import { faultPage } from './support/fault-page.js';

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

describe('a turn whose agent fails', () => {
  let patient: ChatApp;
  let hasty: ChatApp;
  beforeAll(async () => {
    patient = await startChatApp();
    // Only what has to run into its deadline is given one that is soon.
    hasty = await startChatApp({ AGENT_TIMEOUT_MS: '4000' });
  });
  afterAll(() => Promise.all([patient.close(), hasty.close()]));

  it.each(FAULT_CASES)('$place the first event: $fault', async ({ directive, status, error, stored, invocations }) => {
    const app = status === 504 ? hasty : patient;
    const turn = async (prompt: string, id?: string) =>
      (await app.chat({ prompt, chat_id: id }).expect(200)).body.chat as { id: string; messages: StoredMessage[] };
    const { id, messages: first } = await turn('first');
    const before = app.agent.invocations.length;

    const answer = await app.chat({ prompt: `second ${directive}`, chat_id: id });

    expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
    const asked = app.agent.invocations.slice(before);
    expect(asked).toHaveLength(invocations);
    expect(new Set(asked.map(({ sessionId }) => sessionId)).size).toBe(1);
    if (status !== 200) {
      expect(answer.text).not.toMatch(/arn:|EMULATED|Exception|second/);
      if (status === 429 || status === 503) expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      if (status >= 500) expect(answer.body.message).toContain(answer.headers['x-request-id']);
      else expect(Object.keys(answer.body)).toEqual(['error']);
    }

    const kept = ((await app.read(id).expect(200)).body.chat.messages as StoredMessage[]).slice(2);
    expect(kept.map(({ role, status: state }) => [role, state])).toEqual(KEPT[stored]);
    expect(kept[0]?.content).toBe(`second ${directive}`);

    // The chat goes on: in its session where the turn was done, else in a new one that is told the history once.
    await turn('third', id);
    expect((await turn('fourth', id)).messages.at(-2)?.content).toBe('fourth');
    const [third, fourth] = app.agent.invocations.slice(-2);
    const history = [...first, ...(stored === 'partial' ? kept : [])].map(({ role, content: text }) => ({
      role,
      text,
    }));
    const isTooMuch = history.reduce((bytes, { text }) => bytes + Buffer.byteLength(text), 0) > 100_000;
    expect(third?.conversationHistory).toEqual(stored === 'done' || isTooMuch ? undefined : history);
    expect(third?.sessionId === asked[0]?.sessionId).toBe(stored === 'done');
    expect(fourth).toMatchObject({ sessionId: third?.sessionId, prompt: 'fourth' });
    expect(fourth).not.toHaveProperty('conversationHistory');
  });

  it('is unavailable where nothing listens', async () => {
    const lonely = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: 'http://127.0.0.1:1' });
    const answer = await lonely.chat({ prompt: 'hello' });
    await lonely.close();
    expect({ status: answer.status, error: answer.body.error }).toEqual({
      status: 503,
      error: 'The agent is unavailable',
    });
  });

  it('is described in docs/faults.md as it is tested here', async () => {
    const page = await readFile(new URL('../docs/faults.md', import.meta.url), 'utf8');
    expect(page).toBe(faultPage(FAULT_CASES));
  });
});
