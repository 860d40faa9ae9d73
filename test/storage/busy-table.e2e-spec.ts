import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { settled } from '../../src/app.js';
import { ChatService } from '../../src/chat/service/chat.service.js';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { runWithRequestContext } from '../../src/common/request-context.js';
import { readHead, readItems } from '../support/chat-items.js';
import { FaultyApp } from '../support/faulty-app.js';
import { holdAgent } from '../support/held-agent.js';
import { itEachTogether } from '../support/together.js';
import { BROKEN, readStream, WHOLE, type WholeStream } from '../support/ui-stream.js';

/** How long the table refuses every write, in milliseconds. */
const OUTAGE = 3_000;
const TURNS_EACH = 3;
/** The time from a turn's deadline to the timeout of API Gateway, in milliseconds. */
const GATEWAY_MARGIN = 4_000;
const WRITES = ['begin', 'complete', 'release', 'recover', 'quota'] as const;

/** Replaces time limits of an app. */
function setTimes(own: FaultyApp, times: Partial<TurnTimes>): void {
  Object.assign(own.app.nest.get(TurnTimes, { strict: false }), times);
}

async function untilStored(own: FaultyApp, chatId: string): Promise<[string, string | undefined][]> {
  for (let attempt = 1; ; attempt += 1) {
    const history = await own.historyOf(chatId);
    if (history.every(([, status]) => status !== 'pending') || attempt === 200) return history;
    await wait(50);
  }
}

const CASES: readonly { readonly name: string; readonly run: () => Promise<void> }[] = [
  {
    name: 'is stored once after an outage, and its response is whole',
    run: () =>
      FaultyApp.use(
        async (own) => {
          // A busy machine may begin so many turns slowly.
          setTimes(own, { begin: 60_000 });
          const agent = holdAgent(own.app);
          const numbers = Array.from({ length: TURNS_EACH }, (_, index) => index);
          const whole: Promise<Response>[] = numbers.map(async (number) => own.app.chat({ prompt: `whole ${number}` }));
          const streams: Promise<WholeStream>[] = numbers.map((number) =>
            readStream(own.app.url, { prompt: `stream ${number}` }),
          );
          await agent.reached;
          const begun = () => own.faults.calls.filter(({ step }) => step === 'begin').length;
          while (begun() < 2 * TURNS_EACH) await wait(20);
          own.faults.inject({ type: 'throttle' }, { steps: WRITES });
          agent.release();
          await wait(OUTAGE);
          expect(own.faults.calls.filter(({ step }) => step === 'release')).toEqual([]);
          own.faults.clear();

          const responses = await Promise.all(whole);
          const read = await Promise.all(streams);
          expect(responses.map(({ status }) => status)).toEqual(numbers.map(() => 200));
          expect(read.map(({ outline, isDone }) => [outline, isDone])).toEqual(numbers.map(() => [WHOLE, true]));
          expect(own.invocations()).toBe(2 * TURNS_EACH);
          const chats = [
            ...responses.map(({ body }) => body.chat.id as string),
            ...read.map(({ events }) => events[0]!.messageMetadata!.chat.id),
          ];
          expect(new Set(chats).size).toBe(2 * TURNS_EACH);
          for (const chatId of chats)
            expect((await own.historyOf(chatId)).map(([, status]) => status)).toEqual([undefined, undefined]);
          await settled(own.app.nest);
          const [usage] = await readItems(own.app, 'usage#alice');
          expect(Object.keys(usage!)).not.toContain('running');
        },
        { TURNS_AT_ONCE: String(2 * TURNS_EACH) },
      ),
  },

  {
    name: 'lets the caller of a whole response go in time, and is stored later',
    run: () =>
      FaultyApp.use(
        async (own) => {
          const chatId = await own.first();
          own.faults.inject({ type: 'throttle' }, { steps: ['complete'] });
          const key = { 'idempotency-key': 'seen' };
          const ask = () => own.app.chat({ prompt: 'second', chat_id: chatId }, 'alice', key);
          const start = performance.now();
          const { status, body, headers } = await ask();
          expect(performance.now() - start).toBeLessThan(3_000 + GATEWAY_MARGIN);
          expect([status, body.error]).toEqual([503, 'Storage is unavailable']);
          expect([headers['chat-id'], headers['turn-id']]).toEqual([chatId, `${chatId}:2`]);
          expect((await ask()).status).toBe(409);
          own.faults.clear();
          expect((await untilStored(own, chatId)).slice(2)).toEqual([
            ['second', undefined],
            ['answer', undefined],
          ]);
          const again = await ask().expect(200);
          expect(again.headers['idempotency-replayed']).toBe('true');
          expect(own.invocations()).toBe(2);
        },
        { AGENT_TIMEOUT_MS: '3000' },
      ),
  },

  {
    name: 'holds no chat if only its begin arrived, and its cancellation came late',
    run: () =>
      FaultyApp.use(async (own) => {
        const chatId = await own.first();
        own.faults.inject({ type: 'reply lost' }, { steps: ['begin'], times: 2 });
        own.faults.inject({ type: 'throttle' }, { steps: ['recover'], times: 6 });
        expect((await own.app.chat({ prompt: 'second', chat_id: chatId })).status).toBe(503);
        expect((await own.untilFree(chatId)).status).toBe(200);
        expect((await own.historyOf(chatId)).map(([content]) => content)).toEqual([
          'first',
          'answer',
          'third',
          'answer',
        ]);
      }),
  },

  {
    name: 'holds no function longer than to the deadline of its invocation',
    run: () =>
      FaultyApp.use(async (own) => {
        own.faults.inject({ type: 'throttle' }, { steps: ['complete'] });
        const service = own.app.nest.get(ChatService);
        const deadline = Date.now() + 6_000;
        const options = { timeLimit: 1_000, storeLimit: Infinity, attributes: {} };
        const request = { prompt: 'hello', chatId: undefined, key: undefined };
        await runWithRequestContext({ requestId: 'test', deadline }, async () => {
          await expect(service.reply('alice', request, options)).rejects.toThrow('Storage is unavailable');
          await settled(own.app.nest);
        });
        // It waits as long as it may. A busy machine may be late by some milliseconds.
        expect(deadline - Date.now()).toBeGreaterThan(0);
        expect(deadline - Date.now()).toBeLessThan(2_500);
        const chatId = own.faults.calls[0]!.chatId;
        expect(await readHead(own.app, chatId)).toMatchObject({ open: { until: 0 } });
      }),
  },

  {
    name: 'renews the lease of its stream once',
    run: () =>
      FaultyApp.use(
        async (own) => {
          // The lease ends 16 s after the begin, and is renewed 1 s after it.
          own.faults.inject({ type: 'throttle' }, { steps: ['complete'] });
          const stream = readStream(own.app.url, { prompt: 'hello' });
          const untilOf = async (chatId: string) => (await readHead(own.app, chatId))?.['open'] as { until: number };
          const find = () => own.faults.calls.find(({ step }) => step === 'complete')?.chatId;
          let chatId = find();
          for (; !chatId; chatId = find()) await wait(20);
          const { until } = await untilOf(chatId);
          while (!own.faults.calls.some(({ step }) => step === 'recover')) await wait(50);
          await wait(200);
          expect((await untilOf(chatId)).until).toBe(until + new TurnTimes().leaseRenewal);
          own.faults.clear();
          expect(await stream).toMatchObject({ outline: WHOLE, isDone: true });
          expect(own.faults.calls.filter(({ step }) => step === 'recover')).toHaveLength(1);
        },
        { AGENT_TIMEOUT_MS: '3000' },
      ),
  },
  {
    name: 'ends every stream with its error when the process ends, and stores what came',
    run: async () => {
      const own = await FaultyApp.start();
      setTimes(own, { shutdownGrace: 500, shutdownStoring: 5_000 });
      own.faults.inject({ type: 'delay', milliseconds: 400 });
      const stream = readStream(own.app.url, { prompt: 'hello [[fault silence after=2]]' });
      while (own.invocations() === 0) await wait(20);
      await wait(100);
      const closing = own.app.nest.close();
      const { outline, isDone, events } = await stream;
      own.app.nest.getHttpServer().closeIdleConnections();
      await closing;
      expect([outline, isDone]).toEqual([BROKEN, true]);
      expect(events.at(-2)).toMatchObject({ errorText: 'The agent is unavailable' });
      const head = await readHead(own.app, events[0]!.messageMetadata!.chat.id);
      expect(head).toMatchObject({ turns: 1 });
      expect(head).not.toHaveProperty('open');
      await own.close();
    },
  },

  {
    name: 'stores answers in the background when the process ends, and gives up in time',
    run: async () => {
      const own = await FaultyApp.start({ AGENT_TIMEOUT_MS: '3000' });
      setTimes(own, { shutdownGrace: 0, shutdownStoring: 5_000, lastWrite: 500 });
      const [stored, given] = [await own.first(), await own.first()];
      const start = performance.now();
      own.faults.inject({ type: 'throttle' }, { steps: ['complete'] });
      const ask = (chatId: string) => own.app.chat({ prompt: 'second', chat_id: chatId });
      const answers = await Promise.all([ask(stored), ask(given)]);
      expect(answers.map(({ status }) => status)).toEqual([503, 503]);
      const closing = own.app.nest.close();
      own.faults.clear();
      own.faults.inject({ type: 'throttle' }, { steps: ['complete'], chats: [given] });
      await closing;
      expect(performance.now() - start).toBeLessThan(25_000);
      expect(await readHead(own.app, stored)).not.toHaveProperty('open');
      expect(await readHead(own.app, given)).toMatchObject({ open: { until: 0 } });
      await own.close();
    },
  },
];

describe('a turn that ends while its table is busy', () => {
  itEachTogether(CASES, '$name', ({ run }) => run());
});

describe('a table that refuses the answer for good', () => {
  let own: FaultyApp;
  beforeAll(async () => {
    own = await FaultyApp.start();
  });
  afterAll(() => own.close());

  it.each(['/chat', '/chat/stream'])(
    'gets the end of the lease, so that the next turn begins at once: %s',
    async (path) => {
      const chatId = await own.first();
      own.faults.inject({ type: 'refused' }, { steps: ['complete'] });
      const body = { prompt: 'second', chat_id: chatId };
      if (path === '/chat') expect((await own.app.chat(body)).status).toBe(503);
      else expect((await readStream(own.app.url, body)).raw).toContain('"errorText":"Storage is unavailable"');
      own.faults.clear();
      expect((await own.untilFree(chatId)).status).toBe(200);
      expect((await own.historyOf(chatId)).slice(2)).toEqual([
        ['second', 'failed'],
        ['third', undefined],
        ['answer', undefined],
      ]);
    },
  );
});
