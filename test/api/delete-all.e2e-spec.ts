import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { ChatNotFoundError } from '../../src/chat/model/chat.errors.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';
import type { ChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead, readHeads, readRemains, setAttribute } from '../support/chat-items.js';
import type { ChatStore } from '../support/chat-store.js';
import { FaultyApp } from '../support/faulty-app.js';
import type { StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';
import { TurnRunner } from '../support/turn-runner.js';

/** More chats than the first request for the list has. */
const MANY = 30;
/** More turns than one write can delete. */
const MANY_TURNS = 120;
/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

describe('DELETE /chats', () => {
  let faulty: FaultyApp;
  let app: ChatApp;
  let faults: StorageFaults;
  beforeAll(async () => {
    faulty = await FaultyApp.start({ TURNS_PER_DAY: '1000' });
    ({ app, faults } = faulty);
  });
  afterEach(() => faults.clear());
  afterAll(() => faulty.close());

  const turn = async (user: string, prompt: string, chatId?: string) =>
    (await app.chat({ prompt, chat_id: chatId }, user).expect(200)).body.chat.id as string;

  async function expectGone(user: string, chatIds: readonly string[]): Promise<void> {
    expect((await app.list({}, user).expect(200)).body).toEqual({ chats: [] });
    expect(await readHeads(app, user)).toEqual([]);
    for (const id of chatIds) expect(await readRemains(app, id)).toEqual([]);
  }

  function expectUnfinished({ body, headers }: { body: object; headers: Record<string, string> }): void {
    const message = `Try again; request id ${headers['x-request-id']}`;
    expect(body).toEqual({ error: 'Not all chats are deleted', message });
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  }

  it('deletes all chats of the caller, and those of nobody else', async () => {
    const other = await turn('ann', 'mine');
    const ids = ['old', await turn('bob', 'two', await turn('bob', 'one')), await turn('bob', 'three')];
    await putItem(app, { ...originalChat('old', [{ role: 'user', content: 'long ago' }]), user_id: 'bob' });
    await app.chat({ prompt: 'bad [[fault hang-up]]' }, 'bob').expect(502);
    const answer = await app.removeAll('bob').expect(204);
    expect(answer.text).toBe('');
    await expectGone('bob', ids);
    await app.read(other, 'ann').expect(200);
    expect((await app.list({}, 'ann').expect(200)).body.chats).toHaveLength(1);
  });

  it.each(['/chats/', '/chats/.', '/chats/x/..', '/chats//', '/chats/?x=1'])('is not DELETE %s', async (path) => {
    const id = await turn('zoe', 'kept');
    const answer = await fetch(app.url + path, { method: 'DELETE', headers: { id_token: tokenOf('zoe') } });
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'Not found' }]);
    await app.read(id, 'zoe').expect(200);
  });

  it('responds 204 if there are none', async () => {
    await app.removeAll('nobody').expect(204);
  });

  it('ends the sessions of the agent', async () => {
    const ids = [await turn('carl', 'one'), await turn('carl', 'two')];
    const sessions = app.agent.invocations.slice(-2).map(({ sessionId }) => sessionId);
    await app.removeAll('carl').expect(204);
    const ended = app.agent.invocations.filter(({ endSession }) => endSession).map(({ sessionId }) => sessionId);
    expect(ended.slice(-2).toSorted()).toEqual(sessions.toSorted());
    await expectGone('carl', ids);
  });

  it('waits once for an agent that does not respond, however many sessions there are', async () => {
    const head = await readHead(app, await turn('iris', 'remember me'), 'iris');
    const ids = Array.from({ length: 15 }, (_, index) => `session-${index}`);
    await Promise.all(ids.map((id) => putItem(app, { ...head!, id })));
    const times = app.nest.get(TurnTimes, { strict: false });
    const { endSession } = times;
    Object.assign(times, { endSession: 300 });
    // As many as there are deletes at the same time. Another call would succeed.
    app.agent.enqueue(...Array.from({ length: 10 }, () => ({ type: 'silence' }) as const));
    const before = app.agent.invocations.length;
    await app.removeAll('iris').expect(204);
    Object.assign(times, { endSession });
    expect(app.agent.invocations.length - before).toBe(10);
    await expectGone('iris', ids);
  });

  it('leaves the counters of the quota', async () => {
    const counters = { id: 'usage#dora', user_id: 'dora' };
    await turn('dora', 'one');
    const table = app.nest.get(DynamoTable, { strict: false });
    const before = await table.get(counters);
    await app.removeAll('dora').expect(204);
    const turns = Object.entries(before ?? {}).filter(([name]) => /^t\d{8}$/.test(name));
    expect(turns.map(([, count]) => count)).toEqual([1]);
    expect(await table.get(counters)).toEqual(before);
  });

  it('deletes what an interrupted delete has left, and chats that have expired', async () => {
    const ids = [await turn('eve', 'one'), await turn('eve', 'two'), await turn('eve', 'three')];
    const head = (index: number) => ({ id: ids[index]!, user_id: 'eve' });
    await setAttribute(app, head(0), 'deleted_at', new Date().toISOString());
    await setAttribute(app, head(1), 'expires_at', LONG_AGO);
    await app.removeAll('eve').expect(204);
    await expectGone('eve', ids);
  });

  it('deletes chats whose ids no other request can have', async () => {
    const ids = ['..', 'a/b', 'ä'];
    const chat = (id: string) => ({ ...originalChat(id, [{ role: 'user', content: 'long ago' }]), user_id: 'mia' });
    await Promise.all(ids.map((id) => putItem(app, chat(id))));
    await app.removeAll('mia').expect(204);
    await expectGone('mia', ids);
  });

  it('ends a turn that does not stop in time, because nobody runs it, and deletes its chat with the others', async () => {
    const ids = [await turn('fred', 'one'), await turn('fred', 'two'), await turn('fred', 'three')];
    // Without the agent, whose sessions are ended meanwhile.
    const runner = new TurnRunner(
      { chats: app.nest.get(DynamoChatRepository, { strict: false }) } as ChatStore,
      'fred',
    );
    const deadline = Date.now() + 60_000;
    const quota = app.nest.get(TurnQuota, { strict: false });
    const { begun: running } = await quota.consume('fred', { deadline }, (lease) =>
      runner.begin('more', ids[1], undefined, lease),
    );
    await app.remove(ids[1]!, 'fred').expect(409);
    await app.removeAll('fred').expect(204);
    // Its place is free at once, although its lease has not ended.
    const table = app.nest.get(DynamoTable, { strict: false });
    expect(await table.get({ id: 'usage#fred', user_id: 'fred' })).not.toHaveProperty('running');
    await expectGone('fred', ids);
    await expect(runner.end(running)).rejects.toThrow(new ChatNotFoundError());
  });

  it('responds 503 when its time is up, and continues when it is repeated', async () => {
    const ids = [await turn('gina', 'one'), await turn('gina', 'two')];
    const times = app.nest.get(TurnTimes, { strict: false });
    const { deleteAll } = times;
    Object.assign(times, { deleteAll: 0 });
    expectUnfinished(await app.removeAll('gina').expect(503));
    Object.assign(times, { deleteAll });
    await app.removeAll('gina').expect(204);
    await expectGone('gina', ids);
  });

  it('responds 503 when its time is up amid the turns of a single chat, and continues when it is repeated', async () => {
    const id = await turn('lea', 'one');
    const turns = Array.from({ length: MANY_TURNS }, (_, number) => ({
      id,
      user_id: turnSortKey('lea', number + 2),
      prompt: 'one of many',
      status: 'done',
    }));
    await app.nest.get(DynamoTable, { strict: false }).replace(turns);
    const { deleteAll } = app.nest.get(TurnTimes, { strict: false });
    const now = Date.now.bind(Date);
    let ahead = 0;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
    const passTime = () => {
      ahead = deleteAll;
      return { type: 'delay', milliseconds: 0 } as const;
    };
    faults.inject(passTime, { commands: ['BatchWriteItemCommand'], skip: 2, times: 1 });
    expectUnfinished(await app.removeAll('lea').expect(503));
    clock.mockRestore();
    const left = await readRemains(app, id);
    expect(left.length).toBeGreaterThan(1);
    expect(left.length).toBeLessThan(MANY_TURNS);
    await app.read(id, 'lea').expect(404);
    await app.removeAll('lea').expect(204);
    await expectGone('lea', [id]);
  });

  it('stops at a table that refuses, and continues when it is repeated', async () => {
    const ids = [await turn('hal', 'one'), await turn('hal', 'two')];
    faults.inject({ type: 'refused' }, { commands: ['BatchWriteItemCommand'] });
    const { body } = await app.removeAll('hal').expect(503);
    expect(body.error).toBe('Storage is unavailable');
    faults.clear();
    await app.removeAll('hal').expect(204);
    await expectGone('hal', ids);
  });

  it('misses no chat that a turn moves to the part of the list that was read', async () => {
    const heads = Array.from({ length: MANY }, (_, number) => ({
      id: `chat-${number}`,
      user_id: 'ida',
      title: 'one of many',
      updated_at: new Date(number).toISOString(),
    }));
    await app.nest.get(DynamoTable, { strict: false }).replace(heads);
    const moved = () => ({ type: 'wait', until: turn('ida', 'one more', 'chat-0') }) as const;
    faults.inject(moved, { steps: ['delete'], times: 1 });
    await app.removeAll('ida').expect(204);
    await expectGone('ida', ['chat-0', 'chat-1', `chat-${MANY - 1}`]);
  });

  it('brings nothing back and deletes nothing else if each of its writes arrives a second time, late', async () => {
    const ids = ['old-kim', await turn('kim', 'two', await turn('kim', 'one')), await turn('kim', 'three')];
    await putItem(app, { ...originalChat('old-kim', [{ role: 'user', content: 'long ago' }]), user_id: 'kim' });
    faults.inject({ type: 'redelivery', after: { calls: 1000 } }, { steps: ['delete'] });
    await app.removeAll('kim').expect(204);
    faults.clear();
    const later = await turn('kim', 'later');
    await faults.deliverRest();
    // The mark, the turns and the head of each chat.
    const repeated = faults.repeated.map(({ command, isRefused }) => `${command}${isRefused ? ' refused' : ''}`);
    expect(repeated.toSorted()).toEqual([
      ...Array.from({ length: 6 }, () => 'BatchWriteItemCommand'),
      ...Array.from({ length: 3 }, () => 'PutItemCommand refused'),
    ]);
    for (const id of ids) expect(await readRemains(app, id)).toEqual([]);
    expect((await app.list({}, 'kim').expect(200)).body.chats).toEqual([expect.objectContaining({ id: later })]);
    expect((await app.read(later, 'kim').expect(200)).body.chat.messages).toHaveLength(2);
  });

  it('deletes no chat that went on after its delete failed', async () => {
    const id = await turn('leo', 'one');
    faults.inject({ type: 'late', after: { calls: 1000 } }, { steps: ['delete'] });
    await app.removeAll('leo').expect(503);
    faults.clear();
    await turn('leo', 'two', id);
    await faults.deliverRest();
    expect((await app.read(id, 'leo').expect(200)).body.chat.messages).toHaveLength(4);
  });

  it('is safe to send several times at once', async () => {
    const ids = [await turn('jo', 'one'), await turn('jo', 'two')];
    await Promise.all([1, 2, 3].map(() => app.removeAll('jo').expect(204)));
    await expectGone('jo', ids);
  });
});
