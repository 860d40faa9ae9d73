import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import type { ChatApp } from '../support/chat-app.js';
import { FaultyApp } from '../support/faulty-app.js';
import type { StorageFaults } from '../support/storage-faults.js';
import { itEachTogether } from '../support/together.js';

/** A request fails within this time if the table hangs, in milliseconds. */
const GIVEN_UP = 5_000;
/** The time from a turn's deadline, 25 s, to API Gateway's timeout, 29 s. In milliseconds. */
const GATEWAY_MARGIN = 4_000;
/** The deadline of turns that should reach it, in milliseconds. */
const DEADLINE = 2_000;

const pair = (prompt: string) => [
  [prompt, undefined],
  ['answer', undefined],
];
const firstPair = pair('first');

function expectUnavailable(response: Response): void {
  expect([response.status, response.body.error]).toEqual([503, 'Storage is unavailable']);
  expect(response.body.message).toContain(response.headers['x-request-id']);
  expect(response.headers['retry-after']).toMatch(/^[1-9]\d*$/);
}

describe('a turn whose storage fails', () => {
  let shared: FaultyApp;
  let app: ChatApp;
  let faults: StorageFaults;
  beforeAll(async () => {
    shared = await FaultyApp.start();
    ({ app, faults } = shared);
  });
  afterEach(() => faults.clear());
  afterAll(() => shared.close());

  it.each(['begin', 'complete', 'release'] as const)('succeeds if a reply is lost on %s', async (step) => {
    const chatId = await shared.first();
    const asked = shared.invocations();
    faults.inject({ type: 'reply lost' }, { steps: [step], times: 1 });
    await app.chat({ prompt: 'second', chat_id: chatId }).expect(200);
    expect(shared.invocations() - asked).toBe(1);
    expect(await shared.historyOf(chatId)).toEqual([...firstPair, ...pair('second')]);
    await app.chat({ prompt: 'third', chat_id: chatId }).expect(200);
  });

  it.each(['begin', 'complete', 'release', 'read'] as const)('succeeds if %s is throttled once', async (step) => {
    const chatId = await shared.first();
    const asked = shared.invocations();
    faults.inject({ type: 'throttle' }, { steps: [step], times: 1 });
    await app.chat({ prompt: 'second', chat_id: chatId }).expect(200);
    expect(shared.invocations() - asked).toBe(1);
    expect(await shared.historyOf(chatId)).toEqual([...firstPair, ...pair('second')]);
  });

  itEachTogether(
    ['throttle', 'reply lost', 'hang', 'stall'] as const,
    'does not begin if no attempt of its begin gets a reply: %s',
    (type) =>
      FaultyApp.use(async (own) => {
        const chatId = await own.first();
        const asked = own.invocations();
        own.faults.inject({ type }, { steps: ['begin'] });
        const start = performance.now();
        const answer = await own.app.chat({ prompt: 'second', chat_id: chatId });
        expect(performance.now() - start).toBeLessThan(GIVEN_UP);
        expectUnavailable(answer);
        expect(own.invocations() - asked).toBe(0);
        own.faults.clear();
        expect((await own.untilFree(chatId)).status).toBe(200);
        expect(await own.historyOf(chatId)).toEqual([...firstPair, ...pair('third')]);
      }),
  );

  it('stays begun if it cannot be completed, and its lease cannot be ended', () =>
    FaultyApp.use(async (own) => {
      const chatId = await own.first();
      own.faults.inject({ type: 'refused' }, { steps: ['complete', 'recover'] });
      const start = performance.now();
      const answer = await own.app.chat({ prompt: 'second', chat_id: chatId });
      expect(performance.now() - start).toBeLessThan(GIVEN_UP);
      expectUnavailable(answer);
      own.faults.clear();
      expect(await own.historyOf(chatId)).toEqual([...firstPair, ['second', 'pending']]);
      expect((await own.app.chat({ prompt: 'third', chat_id: chatId })).status).toBe(409);
      await own.leaseRunsOut(chatId);
      expect(await own.historyOf(chatId)).toEqual([...firstPair, ['second', 'failed']]);
      await own.app.chat({ prompt: 'third', chat_id: chatId }).expect(200);
      expect(await own.historyOf(chatId)).toEqual([...firstPair, ['second', 'failed'], ...pair('third')]);
    }));

  it('fails in time if its calls hang one after the other', async () => {
    const chatId = await shared.first();
    faults.inject({ type: 'refused' }, { steps: ['complete', 'recover'] });
    await app.chat({ prompt: 'never', chat_id: chatId }).expect(503);
    faults.clear();
    // The begin is sent twice and is refused, because another turn runs. That turn cannot be read.
    faults.inject({ type: 'hang' }, { steps: ['begin'], times: 1 });
    faults.inject({ type: 'hang' }, { steps: ['read', 'recover'] });
    const start = performance.now();
    expectUnavailable(await app.chat({ prompt: 'second', chat_id: chatId }));
    expect(performance.now() - start).toBeLessThan(GIVEN_UP);
  });

  it('is stored once if its completion gets a reply after many attempts only', async () => {
    const chatId = await shared.first();
    faults.inject({ type: 'reply lost' }, { steps: ['complete'], times: 7 });
    await app.chat({ prompt: 'second', chat_id: chatId }).expect(200);
    expect(await shared.historyOf(chatId)).toEqual([...firstPair, ...pair('second')]);
    await app.chat({ prompt: 'third', chat_id: chatId }).expect(200);
  });

  itEachTogether(
    ['throttle', 'reply lost', 'hang', 'stall'] as const,
    'succeeds if only its release fails: %s',
    (type) =>
      FaultyApp.use(async (own) => {
        const chatId = await own.first();
        own.faults.inject({ type }, { steps: ['release'] });
        const { body } = await own.app.chat({ prompt: 'second', chat_id: chatId }).expect(200);
        expect(body.chat.messages).toHaveLength(4);
        own.faults.clear();
        await own.app.chat({ prompt: 'third', chat_id: chatId }).expect(200);
        expect(await own.historyOf(chatId)).toEqual([...firstPair, ...pair('second'), ...pair('third')]);
      }),
  );

  it('responds with a cursor to older turns if they cannot be read', async () => {
    const chatId = await shared.first();
    const key = { 'idempotency-key': 'unread' };
    const asked = shared.invocations();
    faults.inject({ type: 'throttle' }, { commands: ['QueryCommand'] });
    const { body } = await app.chat({ prompt: 'second', chat_id: chatId }, 'alice', key).expect(200);
    faults.clear();
    expect(body.chat.messages).toHaveLength(2);
    const { messages } = (await app.messages(chatId, { cursor: body.chat.next_cursor }).expect(200)).body;
    expect(messages).toMatchObject([{ role: 'user', content: 'first' }, { role: 'assistant' }]);
    expect(await shared.historyOf(chatId)).toEqual([...firstPair, ...pair('second')]);
    const again = await app.chat({ prompt: 'second', chat_id: chatId }, 'alice', key).expect(200);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body.chat.messages).toHaveLength(4);
    expect(shared.invocations() - asked).toBe(1);
  });

  it('fails without asking the agent if the history for a new session cannot be read', async () => {
    const chatId = await shared.first();
    await app.chat({ prompt: '[[fault empty]]', chat_id: chatId }).expect(502);
    const asked = shared.invocations();
    faults.inject({ type: 'throttle' }, { commands: ['QueryCommand'] });
    expectUnavailable(await app.chat({ prompt: 'second', chat_id: chatId }));
    faults.clear();
    expect(shared.invocations() - asked).toBe(0);
    expect((await shared.historyOf(chatId)).at(-1)).toEqual(['second', 'failed']);
    await app.chat({ prompt: 'third', chat_id: chatId }).expect(200);
  });

  itEachTogether(['throttle', 'hang', 'stall'] as const, 'gets 503 within 5 s for reads and deletes: %s', (type) =>
    FaultyApp.use(async (own) => {
      const chatId = await own.first();
      own.faults.inject({ type });
      const start = performance.now();
      const answers = await Promise.all([own.app.read(chatId), own.app.messages(chatId), own.app.remove(chatId)]);
      expect(performance.now() - start).toBeLessThan(GIVEN_UP);
      for (const answer of answers) expectUnavailable(answer);
      own.faults.clear();
      expect(await own.historyOf(chatId)).toEqual(firstPair);
      await own.app.remove(chatId).expect(204);
    }),
  );

  it.each([1, 2, 3])('is deleted by a second request after write %i of a delete was throttled', async (write) => {
    const chatId = await shared.first();
    faults.inject({ type: 'throttle' }, { steps: ['delete'], skip: write - 1 });
    expectUnavailable(await app.remove(chatId));
    faults.clear();
    if (write > 1) await app.read(chatId).expect(404);
    await app.remove(chatId).expect(204);
    await app.remove(chatId).expect(404);
  });
});

describe('a turn at its deadline whose storage hangs', () => {
  const variables = { AGENT_TIMEOUT_MS: String(DEADLINE) };
  let shared: FaultyApp;
  let app: ChatApp;
  let faults: StorageFaults;
  beforeAll(async () => {
    shared = await FaultyApp.start(variables);
    ({ app, faults } = shared);
  });
  afterEach(() => faults.clear());
  afterAll(() => shared.close());

  /** Runs a turn whose agent never ends. @returns how long after the deadline its response came. */
  async function late(own: FaultyApp): Promise<[status: number, milliseconds: number]> {
    const start = performance.now();
    const { status } = await own.app.chat({ prompt: 'hello [[fault silence after=2]]' });
    return [status, performance.now() - start - DEADLINE];
  }

  it('fails at it if the history cannot be read by then, and does not ask the agent later', async () => {
    const { chat } = (await app.chat({ prompt: 'first' }).expect(200)).body;
    await app.chat({ prompt: 'second [[fault hang-up]]', chat_id: chat.id }).expect(502);
    faults.inject({ type: 'delay', milliseconds: 3 * DEADLINE }, { commands: ['QueryCommand'] });
    const start = performance.now();
    const { body } = await app.chat({ prompt: 'third', chat_id: chat.id }).expect(504);
    expect(performance.now() - start).toBeLessThan(2 * DEADLINE);
    expect(body.error).toBe('The agent took too long');
    await new Promise((resume) => setTimeout(resume, 2 * DEADLINE));
    expect(app.agent.invocations.map(({ prompt }) => prompt)).not.toContain('third');
  });

  it('responds without older turns if they cannot be read by then', async () => {
    const { chat } = (await app.chat({ prompt: 'first' }).expect(200)).body;
    faults.inject({ type: 'delay', milliseconds: 3 * DEADLINE }, { commands: ['QueryCommand'] });
    const start = performance.now();
    const { body } = await app.chat({ prompt: 'second', chat_id: chat.id }).expect(200);
    expect(performance.now() - start).toBeLessThan(2 * DEADLINE);
    expect(body.chat.messages).toHaveLength(2);
    expect(body.chat.next_cursor).toEqual(expect.any(String));
  });

  const HANGS: readonly (readonly [step: string, status: number, inject: (faults: StorageFaults) => void])[] = [
    ['complete', 503, (own) => own.inject({ type: 'hang' }, { steps: ['complete'] })],
    ['complete in the middle of its reply', 503, (own) => own.inject({ type: 'stall' }, { steps: ['complete'] })],
    ['release', 504, (own) => own.inject({ type: 'hang' }, { steps: ['release'] })],
    [
      'complete once, then release',
      504,
      (own) => {
        own.inject({ type: 'hang' }, { steps: ['complete'], times: 1 });
        own.inject({ type: 'hang' }, { steps: ['release'] });
      },
    ],
  ];
  itEachTogether(
    HANGS.map(([step, status, inject]) => ({ step, status, inject })),
    'responds before the timeout of API Gateway: $step',
    ({ status: expected, inject }) =>
      FaultyApp.use(async (own) => {
        inject(own.faults);
        const [status, milliseconds] = await late(own);
        expect(status).toBe(expected);
        expect(milliseconds).toBeLessThan(GATEWAY_MARGIN);
      }, variables),
  );
});
