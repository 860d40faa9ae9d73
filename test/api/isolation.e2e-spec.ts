import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { encodeListCursor } from '../../src/chat/api/dto/cursor.js';
import { CHAT_LIST_INDEX } from '../../src/dynamodb/table-schema.js';
import { routesOf } from '../support/app-routes.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { LIST_ROUTES, ROUTES, toBodyText } from '../support/isolation-routes.js';
import { StreamReader } from '../support/stream-reader.js';
import { tokenOf } from '../support/tokens.js';

/** Ids of different users that look alike. No layer may normalize them. */
const UNLIKE = [
  ['zo\u00eb', 'zoe\u0308'],
  ['\u212a', 'K'],
  ['\ufb01n', 'fin'],
  ['\u0430lice', 'alice'],
] as const;
/** Users whose names begin like that of the owner, or are written like it. */
const NEAR_OWNER = ['owne', 'owner ', 'Owner', 'owner\u200b', 'owner$', 'owner!T!000000000001'];
const MALFORMED_IDS = ['a#b', `x#T#000000000001`, 'ä', 'a b', 'x'.repeat(129), '%00', 'usage#owner'];

/** Every so many-th value, from another one for each route. All routes share the guard, the keys and the check of ids. */
const shareOf = <Value>(values: readonly Value[], route: number, step: number) =>
  values.filter((_, index) => index % step === route % step);

describe('the chats of one user', () => {
  let app: ChatApp;
  let chatId: string;
  let databaseCalls: object[] = [];

  beforeAll(async () => {
    app = await startChatApp({ TURNS_PER_MINUTE: '500', TURNS_PER_DAY: '500' });
    app.nest.get(DynamoDBDocumentClient, { strict: false }).middlewareStack.add(
      (next, context) => async (args) => {
        databaseCalls.push({ command: context.commandName, input: args.input });
        return next(args);
      },
      { step: 'initialize', name: 'count' },
    );
    ({ id: chatId } = (await app.chat({ prompt: 'mine alone' }, 'owner').expect(200)).body.chat);
  });
  afterAll(() => app.close());

  /** Later than every chat here, so that a cursor of this time leads to all of them. */
  const AT = '9999-01-01T00:00:00.000Z';

  async function listOutcome({ route, way }: (typeof LIST_ROUTES)[number], user: string, id: string) {
    const send = (url: string) =>
      route === 'DELETE /chats'
        ? supertest(url).delete('/chats')
        : supertest(url)
            .get('/chats')
            .query(way && { cursor: encodeListCursor(user, { id, updatedAt: AT }) });
    return outcome({ send }, user, id);
  }

  /** The bytes of a response, apart from what differs by request, and the number of calls that it took. */
  async function outcome(route: Pick<(typeof ROUTES)[number], 'send'>, user: string, id: string) {
    databaseCalls = [];
    const before = app.agent.invocations.length;
    const { status, text, headers } = await route.send(app.url, id, user).set('id_token', tokenOf(user));
    const own = { ...headers, 'x-request-id': '', date: '' };
    const calls = databaseCalls.map((call) => withoutChance(call, id));
    return { status, text, headers: own, databaseCalls: calls, agentCalls: app.agent.invocations.length - before };
  }

  /** A call to the table, apart from the id of the chat and what is random or a time. */
  function withoutChance(call: object, id: string): unknown {
    const text = JSON.stringify(call)
      .replaceAll(id, '<chat>')
      .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<uuid>')
      // Keys of turns, places in the quota, and its minutes.
      .replaceAll(/\bk_[\w-]{11}/g, '<key>')
      // The alias of a key that has a `-`.
      .replaceAll(/#n\d\b/g, '#<key>')
      .replaceAll(/":id":"[\w-]{8}"/g, '":id":"<place>"')
      .replaceAll(/\bm\d{1,4}\b/g, '<minute>')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/\b\d{10,13}\b/g, '0');
    return JSON.parse(text);
  }

  it('have no route that is not tested here', () => {
    // The probes know no user.
    const probes = ['GET /health', 'GET /health/ready'];
    const tried = new Set([...[...ROUTES, ...LIST_ROUTES].map(({ route }) => route), ...probes]);
    expect(routesOf(app).toSorted()).toEqual([...tried].toSorted());
  });

  describe.each(ROUTES.map((route, index) => ({ ...route, index })))('by $route$way', (route) => {
    it('are readable by their owner', async () => {
      const { id } = (await app.chat({ prompt: 'mine too' }, 'owner').expect(200)).body.chat;
      expect(await outcome(route, 'owner', id)).toMatchObject({ status: route.owner });
    });

    it('look missing to others: same bytes, same calls and input', async () => {
      const others = await outcome(route, 'stranger', chatId);
      const unknown = await outcome(route, 'stranger', '0'.repeat(8) + chatId.slice(8));
      const [status, body] = route.stranger;
      expect(others).toEqual(unknown);
      expect(others).toMatchObject({ status, text: toBodyText(body), agentCalls: 0 });
      expect(JSON.stringify(others.databaseCalls)).toMatch(/<chat>.*stranger/);
      expect(JSON.stringify(others.databaseCalls)).not.toContain('owner');
    });

    it.each(shareOf(UNLIKE, route.index, 4))(
      'are unknown to %j, whose id is written in other code points than that of %j',
      async (other, one) => {
        const { id } = (await app.chat({ prompt: 'mine, in my own spelling' }, one).expect(200)).body.chat;
        expect(await outcome(route, other, id)).toMatchObject({ status: route.stranger[0], agentCalls: 0 });
        expect(await outcome(route, one, id)).toMatchObject({ status: route.owner });
      },
    );

    it('stay closed to a user whose name begins like the owner', async () => {
      for (const user of shareOf(NEAR_OWNER, route.index, 3)) {
        expect((await outcome(route, user, chatId)).status).toBe(route.stranger[0]);
      }
    });

    it.each(shareOf(MALFORMED_IDS, route.index, 3))('are not touched by the malformed id %j', async (id) => {
      const [status, body] = route.malformed;
      const { databaseCalls: calls, ...answer } = await outcome(route, 'owner', id);
      expect(answer).toMatchObject({ status, text: toBodyText(body), agentCalls: 0 });
      expect(calls).toEqual([]);
    });
  });

  describe.each(LIST_ROUTES.map((route, index) => ({ ...route, index })))('by $route$way', (route) => {
    it('look missing to others: same bytes, same calls', async () => {
      const others = await listOutcome(route, 'stranger', chatId);
      const unknown = await listOutcome(route, 'stranger', '0'.repeat(8) + chatId.slice(8));
      expect(others).toEqual(unknown);
      expect(others).toMatchObject({ status: route.stranger, text: route.text, agentCalls: 0 });
      expect(others.databaseCalls).toEqual([
        { command: 'QueryCommand', input: expect.objectContaining({ IndexName: CHAT_LIST_INDEX }) },
      ]);
      expect(JSON.stringify(others.databaseCalls)).not.toContain('owner');
      await app.read(chatId, 'owner').expect(200);
    });

    it.each(shareOf(UNLIKE, route.index, 2))('are unknown to %j, and known to %j', async (other, one) => {
      const { id } = (await app.chat({ prompt: 'mine, in my own spelling' }, one).expect(200)).body.chat;
      expect(await listOutcome(route, other, id)).toMatchObject({ status: route.stranger, text: route.text });
      await app.read(id, one).expect(200);
      const { status, text } = await listOutcome(route, one, id);
      expect([status, text.includes(id)]).toEqual([route.owner, route.route === 'GET /chats']);
    });

    it('stay closed to a user whose name begins like the owner', async () => {
      for (const user of shareOf(NEAR_OWNER, route.index, 3)) {
        expect(await listOutcome(route, user, chatId)).toMatchObject({ status: route.stranger, text: route.text });
      }
      await app.read(chatId, 'owner').expect(200);
    });
  });

  it('have running turns that no other user stops or reads', async () => {
    const { id } = (await app.chat({ prompt: 'mine, and running soon' }, 'owner').expect(200)).body.chat;
    const prompt = 'mine [[fault silence after=2]]';
    const running = app.chat({ prompt, chat_id: id }, 'owner').then(({ status }) => status);
    const findCall = () => app.agent.invocations.find((call) => call.prompt === prompt);
    while (!findCall()) await wait(5);
    const [resume, stop] = ['GET /chat/stream/{id}/stream', 'POST /chats/{id}/stop'].map((path) =>
      ROUTES.find(({ route }) => route === path)!,
    );
    for (const user of ['stranger', 'owne', 'Owner', 'owner$']) {
      for (const route of [resume!, stop!]) {
        // The turn itself reads the table meanwhile.
        const others = { ...(await outcome(route, user, id)), databaseCalls: [] };
        const unknown = { ...(await outcome(route, user, '0'.repeat(8) + id.slice(8))), databaseCalls: [] };
        expect(others).toEqual(unknown);
        expect([others.status, others.text]).toEqual([route.stranger[0], toBodyText(route.stranger[1])]);
      }
    }
    const reader = await StreamReader.resume(app.url, id, 'owner');
    await reader.readUntil('"start"');
    expect((await outcome(stop!, 'owner', id)).status).toBe(202);
    expect((await reader.readRest()).outline.slice(-2)).toEqual(['abort', 'finish']);
    expect([await running, findCall()?.outcome]).toEqual([409, 'left']);
  });

  it('have cursors that others cannot use: same bytes as for any bad cursor, and no calls', async () => {
    for (const prompt of ['second', 'third']) await app.chat({ prompt }, 'owner').expect(200);
    const { next_cursor: cursor } = (await app.list({ limit: '1' }, 'owner').expect(200)).body;
    const withCursor = (given: string) => ({
      send: (url: string) => supertest(url).get('/chats').query({ cursor: given }),
    });
    const others = await outcome(withCursor(cursor), 'stranger', 'no chat');
    const unknown = await outcome(withCursor('A'.repeat(cursor.length)), 'stranger', 'no chat');
    expect(others).toEqual(unknown);
    expect(others).toMatchObject({ status: 400, text: `{"error":"Query 'cursor' is invalid"}`, databaseCalls: [] });
    expect(await outcome(withCursor(cursor), 'owner', 'no chat')).toMatchObject({ status: 200 });
  });

  it('have agent sessions of their own, even if two users have chats of the same id', async () => {
    const at = '2024-05-01T10:00:00.123456';
    for (const user of ['ann', 'ben']) {
      const item = { id: 'same-id', user_id: user, title: user, created_at: at, updated_at: at, messages: [] };
      await app.table.send(new PutCommand({ TableName: app.environment.DYNAMODB_TABLE, Item: item }));
    }
    const sessions: Record<string, (string | undefined)[]> = { ann: [], ben: [] };
    for (const user of ['ann', 'ben', 'ann', 'ben']) {
      const { body } = await app.chat({ prompt: `I am ${user}`, chat_id: 'same-id' }, user).expect(200);
      sessions[user]?.push(app.agent.invocations.at(-1)?.sessionId);
      expect(JSON.stringify(body)).not.toContain(user === 'ann' ? 'I am ben' : 'I am ann');
    }
    const [ann, ben] = [new Set(sessions['ann']), new Set(sessions['ben'])];
    expect([ann.size, ben.size]).toEqual([1, 1]);
    expect([...ann]).not.toEqual([...ben]);
  });
});
