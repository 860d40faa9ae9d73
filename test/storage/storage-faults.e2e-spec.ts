import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { FaultyApp } from '../support/faulty-app.js';
import type { FaultChoice, StorageFault } from '../support/storage-faults.js';
import { itEachBeside } from '../support/together.js';

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

/** A chat with a turn, whose calls alone meet the faults: cases run beside each other in one app. */
class FaultyChat {
  private constructor(
    readonly own: FaultyApp,
    readonly id: string,
  ) {}

  static async open(own: FaultyApp): Promise<FaultyChat> {
    return new FaultyChat(own, await own.first());
  }

  inject(fault: StorageFault, choice: FaultChoice = {}): void {
    this.own.faults.inject(fault, { ...choice, chats: [this.id] });
  }

  clear(): void {
    this.own.faults.clear(this.id);
  }

  turn(prompt: string, headers?: Record<string, string>) {
    return this.own.app.chat({ prompt, chat_id: this.id }, 'alice', headers);
  }

  history() {
    return this.own.historyOf(this.id);
  }
}

describe('a turn whose storage fails', () => {
  let shared: FaultyApp;
  beforeAll(async () => {
    shared = await FaultyApp.start();
  });
  afterAll(() => shared.close());

  const LOST = (['begin', 'complete', 'release'] as const).map((step) => ({ step, type: 'reply lost' as const }));
  const THROTTLED = (['begin', 'complete', 'release', 'read'] as const).map((step) => ({
    step,
    type: 'throttle' as const,
  }));
  itEachBeside(
    [...LOST, ...THROTTLED],
    'succeeds if an attempt meets a fault: $type on $step',
    async ({ step, type }) => {
      const chat = await FaultyChat.open(shared);
      const second = `second ${type} ${step}`;
      chat.inject({ type }, { steps: [step], times: 1 });
      await chat.turn(second).expect(200);
      expect(shared.countAsked(second)).toBe(1);
      expect(await chat.history()).toEqual([...firstPair, ...pair(second)]);
      await chat.turn('third').expect(200);
    },
  );

  itEachBeside(
    ['throttle', 'reply lost', 'hang', 'stall'] as const,
    'does not begin if no attempt of its begin gets a reply: %s',
    async (type) => {
      const chat = await FaultyChat.open(shared);
      chat.inject({ type }, { steps: ['begin'] });
      const start = performance.now();
      const answer = await chat.turn(`never ${type}`);
      expect(performance.now() - start).toBeLessThan(GIVEN_UP);
      expectUnavailable(answer);
      expect(shared.countAsked(`never ${type}`)).toBe(0);
      chat.clear();
      expect((await shared.untilFree(chat.id)).status).toBe(200);
      expect(await chat.history()).toEqual([...firstPair, ...pair('third')]);
    },
  );

  itEachBeside(
    ['throttle', 'reply lost', 'hang', 'stall'] as const,
    'succeeds if only its release fails: %s',
    async (type) => {
      const chat = await FaultyChat.open(shared);
      chat.inject({ type }, { steps: ['release'] });
      const { body } = await chat.turn('second').expect(200);
      expect(body.chat.messages).toHaveLength(4);
      chat.clear();
      await chat.turn('third').expect(200);
      expect(await chat.history()).toEqual([...firstPair, ...pair('second'), ...pair('third')]);
    },
  );

  itEachBeside(
    ['throttle', 'hang', 'stall'] as const,
    'gets 503 within 5 s for reads and deletes: %s',
    async (type) => {
      const chat = await FaultyChat.open(shared);
      chat.inject({ type });
      const start = performance.now();
      const { app } = shared;
      const answers = await Promise.all([app.read(chat.id), app.messages(chat.id), app.remove(chat.id)]);
      expect(performance.now() - start).toBeLessThan(GIVEN_UP);
      for (const answer of answers) expectUnavailable(answer);
      chat.clear();
      expect(await chat.history()).toEqual(firstPair);
      await app.remove(chat.id).expect(204);
    },
  );

  itEachBeside(
    [1, 2, 3].map((write) => ({ write })),
    'is deleted by a second request after write $write of a delete was throttled',
    async ({ write }) => {
      const chat = await FaultyChat.open(shared);
      const { app } = shared;
      chat.inject({ type: 'throttle' }, { steps: ['delete'], skip: write - 1 });
      expectUnavailable(await app.remove(chat.id));
      chat.clear();
      if (write > 1) await app.read(chat.id).expect(404);
      await app.remove(chat.id).expect(204);
      await app.remove(chat.id).expect(404);
    },
  );

  const CASES: readonly { readonly name: string; readonly run: (chat: FaultyChat) => Promise<void> }[] = [
    {
      name: 'stays begun if it cannot be completed, and its lease cannot be ended',
      run: async (chat) => {
        chat.inject({ type: 'refused' }, { steps: ['complete', 'recover'] });
        const start = performance.now();
        const answer = await chat.turn('second');
        expect(performance.now() - start).toBeLessThan(GIVEN_UP);
        expectUnavailable(answer);
        chat.clear();
        expect(await chat.history()).toEqual([...firstPair, ['second', 'pending']]);
        expect((await chat.turn('third')).status).toBe(409);
        await shared.leaseRunsOut(chat.id);
        expect(await chat.history()).toEqual([...firstPair, ['second', 'failed']]);
        await chat.turn('third').expect(200);
        expect(await chat.history()).toEqual([...firstPair, ['second', 'failed'], ...pair('third')]);
      },
    },
    {
      name: 'is stored once if its completion gets a reply after many attempts only',
      run: async (chat) => {
        chat.inject({ type: 'reply lost' }, { steps: ['complete'], times: 7 });
        await chat.turn('second').expect(200);
        expect(await chat.history()).toEqual([...firstPair, ...pair('second')]);
        await chat.turn('third').expect(200);
      },
    },
    {
      name: 'responds with a cursor to older turns if they cannot be read',
      run: async (chat) => {
        const key = { 'idempotency-key': 'unread' };
        chat.inject({ type: 'throttle' }, { commands: ['QueryCommand'] });
        const { body } = await chat.turn('unread', key).expect(200);
        chat.clear();
        expect(body.chat.messages).toHaveLength(2);
        const cursor = body.chat.next_cursor as string;
        const { messages } = (await shared.app.messages(chat.id, { cursor }).expect(200)).body;
        expect(messages).toMatchObject([{ role: 'user', content: 'first' }, { role: 'assistant' }]);
        expect(await chat.history()).toEqual([...firstPair, ...pair('unread')]);
        const again = await chat.turn('unread', key).expect(200);
        expect(again.headers['idempotency-replayed']).toBe('true');
        expect(again.body.chat.messages).toHaveLength(4);
        expect(shared.countAsked('unread')).toBe(1);
      },
    },
    {
      name: 'fails without asking the agent if the history for a new session cannot be read',
      run: async (chat) => {
        await chat.turn('[[fault empty]]').expect(502);
        chat.inject({ type: 'throttle' }, { commands: ['QueryCommand'] });
        expectUnavailable(await chat.turn('without history'));
        chat.clear();
        expect(shared.countAsked('without history')).toBe(0);
        expect((await chat.history()).at(-1)).toEqual(['without history', 'failed']);
        await chat.turn('third').expect(200);
      },
    },
  ];
  itEachBeside(CASES, '$name', async ({ run }) => run(await FaultyChat.open(shared)));
});

describe('a turn whose calls hang one after the other', () => {
  it('fails in time', () =>
    FaultyApp.use(async (own) => {
      const chat = await FaultyChat.open(own);
      chat.inject({ type: 'refused' }, { steps: ['complete', 'recover'] });
      await chat.turn('never').expect(503);
      chat.clear();
      // The begin is sent twice and is refused, because another turn runs. That turn cannot be read.
      chat.inject({ type: 'hang' }, { steps: ['begin'], times: 1 });
      chat.inject({ type: 'hang' }, { steps: ['read', 'recover'] });
      const start = performance.now();
      expectUnavailable(await chat.turn('second'));
      expect(performance.now() - start).toBeLessThan(GIVEN_UP);
    }));
});

describe('a turn at its deadline whose storage hangs', () => {
  let shared: FaultyApp;
  beforeAll(async () => {
    shared = await FaultyApp.start({ AGENT_TIMEOUT_MS: String(DEADLINE) });
  });
  afterAll(() => shared.close());

  const CASES: readonly { readonly name: string; readonly run: (chat: FaultyChat) => Promise<void> }[] = [
    {
      name: 'fails at it if the history cannot be read by then, and does not ask the agent later',
      run: async (chat) => {
        await chat.turn('second [[fault hang-up]]').expect(502);
        chat.inject({ type: 'delay', milliseconds: 3 * DEADLINE }, { commands: ['QueryCommand'] });
        const start = performance.now();
        const { body } = await chat.turn('third').expect(504);
        expect(performance.now() - start).toBeLessThan(2 * DEADLINE);
        expect(body.error).toBe('The agent took too long');
        await new Promise((resume) => setTimeout(resume, 2 * DEADLINE));
        expect(shared.countAsked('third')).toBe(0);
      },
    },
    {
      name: 'responds without older turns if they cannot be read by then',
      run: async (chat) => {
        chat.inject({ type: 'delay', milliseconds: 3 * DEADLINE }, { commands: ['QueryCommand'] });
        const start = performance.now();
        const { body } = await chat.turn('second').expect(200);
        expect(performance.now() - start).toBeLessThan(2 * DEADLINE);
        expect(body.chat.messages).toHaveLength(2);
        expect(body.chat.next_cursor).toEqual(expect.any(String));
      },
    },
  ];
  itEachBeside(CASES, '$name', async ({ run }) => run(await FaultyChat.open(shared)));

  const HANGS: readonly (readonly [step: string, status: number, inject: (chat: FaultyChat) => void])[] = [
    ['complete', 503, (chat) => chat.inject({ type: 'hang' }, { steps: ['complete'] })],
    ['complete in the middle of its reply', 503, (chat) => chat.inject({ type: 'stall' }, { steps: ['complete'] })],
    ['release', 504, (chat) => chat.inject({ type: 'hang' }, { steps: ['release'] })],
    [
      'complete once, then release',
      504,
      (chat) => {
        chat.inject({ type: 'hang' }, { steps: ['complete'], times: 1 });
        chat.inject({ type: 'hang' }, { steps: ['release'] });
      },
    ],
  ];
  itEachBeside(
    HANGS.map(([step, expected, inject]) => ({ step, expected, inject })),
    'responds before the timeout of API Gateway: $step',
    async ({ expected, inject }) => {
      const chat = await FaultyChat.open(shared);
      inject(chat);
      const start = performance.now();
      const { status } = await chat.turn('hello [[fault silence after=2]]');
      const milliseconds = performance.now() - start - DEADLINE;
      expect(status).toBe(expected);
      expect(milliseconds).toBeLessThan(GATEWAY_MARGIN);
    },
  );
});
