import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import type { TurnObserver } from '../../src/chat/model/turn-observer.js';
import { ResumeService } from '../../src/chat/service/resume.service.js';
import { toKeyedChatId } from '../../src/chat/model/keyed-chat-id.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from '../../src/chat/storage/dynamo-history.repository.js';
import { runWithRequestContext } from '../../src/common/request-context.js';
import { AFTER_STORING } from '../../src/config/waits.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { StreamReader } from '../support/stream-reader.js';
import { tokenOf } from '../support/tokens.js';
import { done, TurnRunner } from '../support/turn-runner.js';
import { startTwoServices, type TwoServices } from '../support/two-services.js';

/** From the limit to the deadline of the host, less what a busy machine may take. */
const MOST_LATE = AFTER_STORING - 500;

describe('a turn that is resumed', () => {
  let services: TwoServices;
  let agent: TwoServices['agent'];
  let app: TwoServices['app'];
  let other: TwoServices['other'];
  let otherUrl: string;
  let ownTable: StorageFaults;
  let otherTable: StorageFaults;
  beforeAll(async () => {
    services = await startTwoServices();
    ({ agent, app, other, otherUrl } = services);
    ownTable = await startStorageFaults(app.nest.get(DynamoDBDocumentClient, { strict: false }));
    otherTable = await startStorageFaults(other.get(DynamoDBDocumentClient, { strict: false }));
  });
  afterEach(() => [ownTable, otherTable].forEach((table) => table.clear()));
  afterAll(async () => {
    await services.close();
    [ownTable, otherTable].forEach((table) => table.close());
  });

  const toChatId = (reader: StreamReader) => reader.headers.get('chat-id')!;
  const begin = (text: string, url?: string, chatId?: string) => services.begin(text, url, chatId);

  /** Resumes with a deadline of the host. @returns how it ends, and how long after its limit. */
  async function resumeUntil(milliseconds: number, nest: TwoServices['other'], chatId: string, onStart = () => {}) {
    const deadline = Date.now() + milliseconds;
    const observer: TurnObserver = { left: new AbortController().signal, onStart, onText: () => undefined };
    const service = nest.get(ResumeService, { strict: false });
    const error = await runWithRequestContext({ requestId: 'test', deadline }, () =>
      service.resume('alice', chatId, observer),
    ).catch((thrown: unknown) => thrown);
    return { error, late: Date.now() - (deadline - AFTER_STORING) };
  }

  it('ends before its host does, although the turn goes on in this process', async () => {
    const first = await begin('one');
    const { error, late } = await resumeUntil(AFTER_STORING + 300, app.nest, toChatId(first));
    expect(error).toBeInstanceOf(AgentTimeoutError);
    expect(late).toBeLessThan(MOST_LATE);
    agent.end();
    expect((await first.readRest()).text).toBe('one');
  });

  it('ends before its host does, although the table hangs at the first read or later', async () => {
    const first = await begin('one');
    const hang = () => otherTable.inject({ type: 'hang' });
    const resumed = await resumeUntil(AFTER_STORING + 1_500, other, toChatId(first), hang);
    // The table still hangs.
    const unread = await resumeUntil(AFTER_STORING + 300, other, toChatId(first));
    for (const { error, late } of [resumed, unread]) {
      expect(error).toBeInstanceOf(AgentTimeoutError);
      expect(late).toBeLessThan(MOST_LATE);
    }
    agent.end();
    await first.readRest();
  });

  it('answers HEAD at once, which is no reader', async () => {
    const first = await begin('one');
    const url = `${app.url}/chat/stream/${toChatId(first)}/stream`;
    const { status, headers } = await fetch(url, { method: 'HEAD', headers: { id_token: tokenOf('alice') } });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    first.leave();
    await wait(100);
    const next = StreamReader.send(app.url, { prompt: 'next', chat_id: toChatId(first) });
    const isStopped = async () => (await app.read(toChatId(first))).body.chat.messages[1]?.status === 'stopped';
    while (!(await isStopped())) await wait(5);
    await agent.say('two');
    agent.end();
    expect((await (await next).readRest()).text).toBe('two');
  });

  it('is the one that holds the chat, although an earlier one is still stored in this process', async () => {
    const first = await begin('one');
    const chatId = toChatId(first);
    let store = () => {};
    const until = new Promise<void>((resolve) => (store = resolve));
    ownTable.inject({ type: 'wait', until }, { steps: ['complete'], chats: [chatId] });
    agent.end();
    // For other processes, its lease is over.
    await app.table.send(
      new UpdateCommand({
        TableName: app.environment.DYNAMODB_TABLE,
        Key: { id: chatId, user_id: 'alice' },
        UpdateExpression: 'SET #open.#until = :past',
        ExpressionAttributeNames: { '#open': 'open', '#until': 'until' },
        ExpressionAttributeValues: { ':past': 1 },
      }),
    );
    const second = await begin('two', otherUrl, chatId);
    const resumed = await StreamReader.resume(app.url, chatId);
    await resumed.readUntil('"start"');
    agent.end();
    const whole = await second.readRest();
    const { text, events } = await resumed.readRest();
    expect([text, events[0]]).toEqual(['two', whole.events[0]]);
    store();
    await first.readRest();
  });

  describe('of another process', () => {
    /** Begins a turn that no process runs. */
    async function beginElsewhere(): Promise<{ chatId: string; store(): Promise<void>; release(): Promise<void> }> {
      const chats = other.get(DynamoChatRepository, { strict: false });
      const history = other.get(DynamoHistoryRepository, { strict: false });
      const turn = await new TurnRunner({ chats, history }, 'alice').begin('hello');
      return {
        chatId: turn.chat.id,
        store: async () => void (await chats.complete('alice', turn, done('whole'))),
        release: async () => void (await chats.release('alice', turn, { number: 1, rememberedBy: undefined })),
      };
    }
    const WHOLE_LATE = ['start', 'text-start', 'text-delta', 'text-end', 'finish'];

    it('has ended as soon as it is stored, although its chat is not released', async () => {
      const turn = await beginElsewhere();
      const reader = await StreamReader.resume(app.url, turn.chatId);
      await reader.readUntil('"start"');
      await turn.store();
      expect((await reader.readRest()).outline).toEqual(WHOLE_LATE);
      expect((await app.read(turn.chatId)).body.chat).not.toHaveProperty('running');
      expect((await StreamReader.resume(app.url, turn.chatId)).status).toBe(204);
    });

    it.each([1, 2, 3])('ends whole although the table is throttled: after %i reads', async (skip) => {
      const turn = await beginElsewhere();
      const reader = await StreamReader.resume(app.url, turn.chatId);
      await reader.readUntil('"start"');
      await turn.store();
      await turn.release();
      ownTable.inject({ type: 'throttle' }, { commands: ['GetItemCommand'], skip, times: 2 });
      expect((await reader.readRest()).outline).toEqual(WHOLE_LATE);
    });

    it('ends whole although looks fail', async () => {
      const turn = await beginElsewhere();
      const reader = await StreamReader.resume(app.url, turn.chatId);
      await reader.readUntil('"start"');
      const seen = ownTable.calls.length;
      ownTable.inject({ type: 'refused' }, { commands: ['GetItemCommand'], times: 2 });
      while (ownTable.calls.length < seen + 2) await wait(20);
      await turn.store();
      expect((await reader.readRest()).outline).toEqual(WHOLE_LATE);
    });
  });

  describe('whose begin is on its way', () => {
    /** Delays the response of the table to the next begin. @returns a function that ends the delay. */
    function delayBegin(): () => void {
      let arrive = () => {};
      const until = new Promise<void>((resolve) => (arrive = resolve));
      ownTable.inject({ type: 'reply later', until }, { steps: ['begin'], times: 1 });
      return arrive;
    }

    it('is shown as it happens, and its reader counts', async () => {
      const first = await begin('one');
      agent.end();
      await first.readRest();
      const chatId = toChatId(first);
      const arrive = delayBegin();
      const opening = StreamReader.send(app.url, { prompt: 'second', chat_id: chatId });
      while ((await app.read(chatId)).body.chat.running !== true) await wait(5);
      const resuming = StreamReader.resume(app.url, chatId);
      setTimeout(arrive, 100);
      const resumed = await resuming;
      await resumed.readUntil('"start"');
      await agent.say('two');
      const own = await opening;
      await resumed.readUntil('two');
      own.leave();
      await wait(100);
      expect((await app.chat({ prompt: 'third', chat_id: chatId })).status).toBe(409);
      agent.end();
      expect((await resumed.readRest()).text).toBe('two');
    });

    it('is shown as it happens, also if it opens its chat', async () => {
      const arrive = delayBegin();
      const opening = StreamReader.send(app.url, { prompt: 'first' }, { 'idempotency-key': 'late' });
      const chatId = toKeyedChatId('alice', 'late');
      while ((await app.read(chatId)).body.chat?.running !== true) await wait(5);
      const resuming = StreamReader.resume(app.url, chatId);
      arrive();
      await agent.say('late');
      agent.end();
      expect((await (await resuming).readRest()).text).toBe('late');
      await (await opening).readRest();
    });
  });
});
