import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answered, askTurn, readChat, turnsOf } from '../support/chat-client.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';

const CALLERS = Array.from({ length: 16 }, (_, index) => index);
const ALICE = 'alice';

/** Two processes with one table and one agent. Only the table coordinates them. */
describe('two servers on one table', () => {
  let parts: ServerParts;
  let urls: string[];
  let servers: ListeningServer[];
  beforeAll(async () => {
    parts = await startServerParts();
    servers = await Promise.all([startServer(parts.variables), startServer(parts.variables)]);
    urls = servers.map(({ url }) => url);
  });
  afterAll(async () => {
    await killServers();
    await parts.close();
  });

  const urlFor = (caller: number) => urls[caller % urls.length]!;
  const invocationsOf = (prompt: string) => parts.agent.invocations.filter((call) => call.prompt === prompt).length;
  const accepted = (answers: readonly Answered[]) => answers.filter(({ status }) => status === 200);

  function expectRefused(answer: Answered): void {
    expect(answer).toMatchObject({ status: 409, text: '{"error":"A turn is already in progress"}' });
    expect(answer.retryAfter).toMatch(/^[1-9]\d*$/);
  }

  it('run a turn on each of 16 chats at once, and then one more on the other server', async () => {
    const first = await Promise.all(CALLERS.map((caller) => askTurn(urlFor(caller), ALICE, { prompt: `a ${caller}` })));
    expect(first.map(({ status }) => status)).toEqual(CALLERS.map(() => 200));
    const ids = first.map(({ body }) => body.chat.id);
    expect(new Set(ids).size).toBe(CALLERS.length);
    const second = await Promise.all(
      CALLERS.map((caller) => askTurn(urlFor(caller + 1), ALICE, { prompt: `b ${caller}`, chat_id: ids[caller] })),
    );
    expect(second.map(({ status }) => status)).toEqual(CALLERS.map(() => 200));
    for (const caller of CALLERS) {
      const { body } = await readChat(urlFor(caller), ALICE, ids[caller]!);
      expect(turnsOf(body.chat)).toEqual([
        { prompt: `a ${caller}`, answer: first[caller]!.body.response },
        { prompt: `b ${caller}`, answer: second[caller]!.body.response },
      ]);
      expect([`a ${caller}`, `b ${caller}`].map(invocationsOf)).toEqual([1, 1]);
    }
  });

  it('write log lines only, and no warnings of Node', () => {
    const lines = servers.flatMap(({ printed }) => printed.trim().split('\n'));
    expect(lines.filter((line) => !line.startsWith('{"level":"'))).toEqual([]);
  });

  it.each([0, 30])('run 16 turns on one chat one at a time, with %d ms between requests', async (apart) => {
    const { body: opened } = await askTurn(urlFor(0), ALICE, { prompt: 'opening' });
    const chat_id = opened.chat.id;
    const promptOf = (caller: number) => `one ${caller} of those ${apart} ms apart`;
    const answers = await Promise.all(
      CALLERS.map(async (caller) => {
        await wait(caller * apart);
        return askTurn(urlFor(caller), ALICE, { prompt: promptOf(caller), chat_id });
      }),
    );
    const whole = (await readChat(urlFor(0), ALICE, chat_id)).body.chat;
    const taken = accepted(answers);
    process.stderr.write(
      `Of ${CALLERS.length} turns ${apart} ms apart on one chat ${taken.length} were accepted, the rest refused\n`,
    );
    expect(taken.length).toBeGreaterThan(0);
    answers.filter(({ status }) => status !== 200).forEach(expectRefused);

    expect(whole.messages).toHaveLength(2 + 2 * taken.length);
    // Each response has the history up to its own turn, in the same order.
    for (const { body } of taken) {
      expect(body.chat.messages).toEqual(whole.messages.slice(0, body.chat.messages.length));
      expect(body.chat.messages.at(-1)).toMatchObject({ role: 'assistant', content: body.response });
    }
    expect(new Set(taken.map(({ body }) => body.chat.messages.length)).size).toBe(taken.length);
    for (const [caller, { status }] of answers.entries()) {
      expect(invocationsOf(promptOf(caller))).toBe(status === 200 ? 1 : 0);
      expect(turnsOf(whole).filter(({ prompt }) => prompt === promptOf(caller))).toHaveLength(status === 200 ? 1 : 0);
    }
  });

  it.each(['that opens a chat', 'in a chat'])('ask the agent once for 8 requests with one key %s', async (place) => {
    const isFirst = place === 'that opens a chat';
    const prompt = `8 requests ${place}`;
    const opened = isFirst ? undefined : (await askTurn(urlFor(0), ALICE, { prompt: 'opening' })).body.chat;
    const ask = (caller: number) => askTurn(urlFor(caller), ALICE, { prompt, chat_id: opened?.id }, `key ${place}`);
    const callers = CALLERS.slice(0, 8);

    parts.agent.enqueue({ type: 'delay', milliseconds: 500 });
    const answers = await Promise.all(callers.map(ask));
    const [original, ...others] = accepted(answers).toSorted((a, b) => Number(a.isReplay) - Number(b.isReplay));
    expect(original).toMatchObject({ isReplay: false });
    expect(others.every(({ isReplay, text }) => isReplay && text === original!.text)).toBe(true);
    answers.filter(({ status }) => status !== 200).forEach(expectRefused);

    const again = await Promise.all(callers.map(ask));
    expect(again.map(({ status, isReplay }) => [status, isReplay])).toEqual(callers.map(() => [200, true]));
    expect(new Set(again.map(({ text }) => text))).toEqual(new Set([original!.text]));
    expect(invocationsOf(prompt)).toBe(1);
    expect(turnsOf(original!.body.chat)).toHaveLength(isFirst ? 1 : 2);
  });
});
