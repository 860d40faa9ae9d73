import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resumeTurn, stopTurn } from '../support/live-turn-client.js';
import { RawReader } from '../support/raw-reader.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { StreamReader } from '../support/stream-reader.js';
import { startTwoServices, type TwoServices } from '../support/two-services.js';
import { WHOLE } from '../support/ui-stream.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('GET /chat/stream/{id}/stream', () => {
  let services: TwoServices;
  let agent: TwoServices['agent'];
  let app: TwoServices['app'];
  let other: TwoServices['other'];
  let otherUrl: string;
  beforeAll(async () => {
    services = await startTwoServices();
    ({ agent, app, other, otherUrl } = services);
  });
  afterAll(() => services.close());

  const toChatId = (reader: StreamReader) => reader.headers.get('chat-id')!;
  const begin = (text: string) => services.begin(text);

  it('shows all text so far as one delta, then the rest and the end, to any number of readers', async () => {
    const first = await begin('one ');
    await agent.say('two ');
    await first.readUntil('two ');
    const others = await Promise.all([1, 2, 3].map(() => StreamReader.resume(app.url, toChatId(first))));
    for (const reader of others) await reader.readUntil('"one two "');
    await agent.say('three');
    for (const reader of others) await reader.readUntil('"three"');
    agent.end();
    const whole = await first.readRest();
    for (const reader of others) {
      const { status, events, outline, text, isDone } = await reader.readRest();
      expect([status, outline, text, isDone]).toEqual([200, WHOLE, 'one two three', true]);
      expect(events[0]).toEqual(whole.events[0]);
      expect(events.at(-1)).toEqual(whole.events.at(-1));
    }
  });

  it('opens before the first word, and ends with `abort` for all readers of a turn that is stopped', async () => {
    const opened = await begin('opened');
    agent.end();
    await opened.readRest();
    const chatId = toChatId(opened);
    const running = StreamReader.send(app.url, { prompt: 'silent', chat_id: chatId });
    while (!(await app.read(chatId)).body.chat.running) await wait(5);
    const reader = await StreamReader.resume(app.url, chatId);
    await reader.readUntil('"start"');
    expect(await stopTurn(app.url, chatId)).toBe(202);
    expect((await reader.readRest()).outline).toEqual(['start', 'abort', 'finish']);
    expect((await running).status).toBe(409);
    agent.end();
  });

  it('ends with the error of a turn that tears', async () => {
    const first = await begin('torn');
    const reader = await StreamReader.resume(app.url, toChatId(first));
    await reader.readUntil('"torn"');
    agent.tear();
    const { outline, events } = await reader.readRest();
    expect(outline).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'error', 'finish']);
    expect(events.at(-2)?.errorText).toBe('The agent failed');
  });

  it('holds nobody up for a reader that does not read', async () => {
    const first = await begin('x');
    const stuck = await RawReader.resume(app.url, toChatId(first));
    const piece = 'y'.repeat(100_000);
    for (let count = 0; count < 8; count += 1) await agent.say(piece);
    agent.end();
    expect((await first.readRest()).text).toBe(`x${piece.repeat(8)}`);
    expect((await resumeTurn(app.url, toChatId(first))).status).toBe(204);
    await stuck.readRest();
    expect(stuck.text).toContain('[DONE]');
  });

  it('keeps nothing of readers that have left, although the turn goes on without a word', async () => {
    const first = await begin('one');
    const responses: WeakRef<ServerResponse>[] = [];
    const keep = (_: IncomingMessage, response: ServerResponse) => void responses.push(new WeakRef(response));
    app.nest.getHttpServer().on('request', keep);
    for (let count = 0; count < 20; count += 1) {
      const reader = await StreamReader.resume(app.url, toChatId(first));
      await reader.readUntil('"one"');
      reader.leave();
    }
    app.nest.getHttpServer().off('request', keep);
    const countKept = () => responses.filter((response) => response.deref() !== undefined).length;
    for (let waits = 0; countKept() > 2 && waits < 20; waits += 1) {
      await wait(50);
      collectGarbage();
    }
    // Node may keep the latest of a server.
    expect(countKept()).toBeLessThanOrEqual(2);
    expect(responses).toHaveLength(20);
    agent.end();
    expect((await first.readRest()).text).toBe('one');
  });

  it('is 204 for chats without a running turn, and for those of nobody or of another user', async () => {
    const first = await begin('one');
    expect((await resumeTurn(app.url, toChatId(first), 'bob')).status).toBe(204);
    agent.end();
    await first.readRest();
    for (const id of [toChatId(first), 'unknown', 'no%20id']) {
      const { status, raw } = await resumeTurn(app.url, id);
      expect([id, status, raw]).toEqual([id, 204, '']);
    }
  });

  describe('in another process', () => {
    let calls: StorageFaults;
    beforeAll(async () => {
      calls = await startStorageFaults(other.get(DynamoDBDocumentClient, { strict: false }));
    });
    afterAll(() => calls.close());

    it('opens at once and ends with the stored reply', async () => {
      const first = await begin('one ');
      const reader = await StreamReader.resume(otherUrl, toChatId(first));
      await reader.readUntil('"start"');
      await agent.say('two');
      agent.end();
      const whole = await first.readRest();
      const { outline, text, events } = await reader.readRest();
      expect([outline, text]).toEqual([WHOLE, 'one two']);
      expect([events[0], events.at(-1)]).toEqual([whole.events[0], whole.events.at(-1)]);
    });

    it('ends with the part of a turn that is stopped there', async () => {
      const first = await begin('one');
      const reader = await StreamReader.resume(otherUrl, toChatId(first));
      await reader.readUntil('"start"');
      expect(await stopTurn(otherUrl, toChatId(first))).toBe(202);
      expect((await first.readRest()).outline.slice(-2)).toEqual(['abort', 'finish']);
      const { outline, text } = await reader.readRest();
      expect([outline, text]).toEqual([['start', 'text-start', 'text-delta', 'text-end', 'abort', 'finish'], 'one']);
      agent.end();
    });

    it('ends with the error of a turn that tears', async () => {
      const first = await begin('torn');
      const reader = await StreamReader.resume(otherUrl, toChatId(first));
      await reader.readUntil('"start"');
      agent.tear();
      const { outline, text } = await reader.readRest();
      expect([outline.slice(-2), text]).toEqual([['error', 'finish'], 'torn']);
      await first.readRest();
    });

    it('looks no more for a reader that has left', async () => {
      const first = await begin('one');
      const chatId = toChatId(first);
      const reader = await StreamReader.resume(otherUrl, chatId);
      await reader.readUntil('"start"');
      const countCalls = () => calls.calls.filter((call) => call.chatId === chatId).length;
      const before = countCalls();
      while (countCalls() === before) await wait(20);
      reader.leave();
      await wait(1_500);
      const after = countCalls();
      await wait(1_500);
      expect(countCalls()).toBe(after);
      agent.end();
      await first.readRest();
    });
  });
});
