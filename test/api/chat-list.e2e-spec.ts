import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '../../src/chat/api/dto/cursor.js';
import { buildTableSchema } from '../../src/dynamodb/table-schema.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, setAttribute } from '../support/chat-items.js';

interface ListPage {
  readonly chats: readonly { readonly id: string; readonly title: string; readonly updated_at: string }[];
  readonly next_cursor?: string;
}

const titles = ({ chats }: ListPage) => chats.map(({ title }) => title);
/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

describe('GET /chats', () => {
  let app: ChatApp;
  let calls: string[] = [];
  beforeAll(async () => {
    app = await startChatApp();
    app.nest.get(DynamoDBDocumentClient, { strict: false }).middlewareStack.add(
      (next, context) => async (args) => {
        calls.push(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize', name: 'count' },
    );
    await putItem(app, originalChat('old', [{ role: 'user', content: 'long ago' }]));
    await openChats(23);
    await app.chat({ prompt: 'chat 24' }).expect(200);
    await app.chat({ prompt: 'of bob' }, 'bob').expect(200);
  });
  afterAll(() => app.close());

  /** Puts `chat 1`, `chat 2` and so on into the table, without turns. @returns their ids by title. */
  async function openChats(count: number, user = 'alice'): Promise<ReadonlyMap<string, string>> {
    const created_at = new Date(Date.now() - 60_000).toISOString();
    const heads = Array.from({ length: count }, (_, index) => ({
      id: `${index + 1}-of-${user}`,
      user_id: user,
      title: `chat ${index + 1}`,
      created_at,
      updated_at: new Date(Date.parse(created_at) + index + 1).toISOString(),
    }));
    await Promise.all(heads.map((head) => putItem(app, head)));
    return new Map(heads.map(({ title, id }) => [title, id]));
  }

  const page = async (query: Record<string, string> = {}, user = 'alice') =>
    (await app.list(query, user).expect(200)).body as ListPage;

  it('lists the newest 20 chats without their messages, the newest first', async () => {
    const { body } = await app.list().expect(200);
    expect(Object.keys(body)).toEqual(['chats', 'next_cursor']);
    expect(titles(body)).toEqual(Array.from({ length: 20 }, (_, index) => `chat ${24 - index}`));
    const { messages: _, ...summary } = (await app.read(body.chats[0].id).expect(200)).body.chat;
    expect(body.chats[0]).toEqual(summary);
  });

  it('lists chats of the original system too, and no cursor on the last page', async () => {
    const { next_cursor: cursor = '' } = await page();
    const last = await page({ cursor });
    expect(titles(last)).toEqual(['chat 4', 'chat 3', 'chat 2', 'chat 1', 'An old chat']);
    expect(last.chats.at(-1)).toEqual({
      id: 'old',
      user_id: 'alice',
      title: 'An old chat',
      created_at: '2024-05-01T10:00:00.123Z',
      updated_at: '2024-05-01T10:05:00.654Z',
    });
    expect(last).not.toHaveProperty('next_cursor');
  });

  it('is empty for a user without chats', async () => {
    expect(await page({}, 'nobody')).toEqual({ chats: [] });
  });

  it('has a page that ends with the last chat, and no empty page behind it', async () => {
    expect(await page({ limit: '1' }, 'bob')).not.toHaveProperty('next_cursor');
  });

  it('reads the index once for a page', async () => {
    calls = [];
    const { next_cursor: cursor = '' } = await page({ limit: '5' });
    await page({ limit: '5', cursor });
    expect(calls).toEqual(['QueryCommand', 'QueryCommand']);
  });

  it('moves a chat to the top with its next turn', async () => {
    const ids = await openChats(3, 'dora');
    await app.chat({ prompt: 'again', chat_id: ids.get('chat 1') }, 'dora').expect(200);
    expect(titles(await page({ limit: '2' }, 'dora'))).toEqual(['chat 1', 'chat 3']);
  });

  it('lists a chat whose only turn failed', async () => {
    await app.chat({ prompt: 'bad [[fault hang-up]]' }, 'carol').expect(502);
    expect(titles(await page({}, 'carol'))).toEqual(['bad [[fault hang-up]]']);
  });

  it('leaves out chats that are deleted, are being deleted, or have expired, and fills the page with others', async () => {
    const ids = await openChats(12, 'eve');
    const head = (number: number) => ({ id: ids.get(`chat ${number}`)!, user_id: 'eve' });
    await app.remove(head(12).id, 'eve').expect(204);
    await setAttribute(app, head(11), 'deleted_at', new Date().toISOString());
    for (const number of [9, 8, 7, 6, 5, 4, 1]) await setAttribute(app, head(number), 'expires_at', LONG_AGO);
    const first = await page({ limit: '2' }, 'eve');
    expect(titles(first)).toEqual(['chat 10', 'chat 3']);
    // The chat behind it is the last one that is shown.
    expect(await page({ limit: '1', cursor: first.next_cursor! }, 'eve')).toEqual({
      chats: [expect.objectContaining({ title: 'chat 2' })],
    });
  });

  it('leaves out chats whose ids no request can have, and has no empty page instead', async () => {
    const user = 'gus';
    const put = (id: string, day: number) =>
      putItem(app, { ...originalChat(id, []), user_id: user, updated_at: `2024-05-${day}T10:00:00.000000` });
    const unlikely = ['.', '..', 'a/b', 'a b', 'ä', 'x'.repeat(129), 'a#b'];
    await Promise.all(unlikely.map((id, index) => put(id, 20 + index)));
    await Promise.all([put('first', 30), put('...', 24), put('x'.repeat(128), 19)]);
    const first = await page({ limit: '1' }, user);
    expect(first.chats.map(({ id }) => id)).toEqual(['first']);
    const rest = await page({ cursor: first.next_cursor! }, user);
    expect(rest.chats.map(({ id }) => id)).toEqual(['...', 'x'.repeat(128)]);
    expect(rest).not.toHaveProperty('next_cursor');
    await put('/', 10);
    expect(await page({ limit: '3' }, user)).not.toHaveProperty('next_cursor');
    for (const id of rest.chats.map((chat) => chat.id)) await app.read(id, user).expect(200);
  });

  describe('a cursor', () => {
    const refused = { error: `Query 'cursor' is invalid` };
    let cursor: string;
    beforeAll(async () => {
      cursor = (await page({ limit: '2' })).next_cursor ?? '';
    });

    it('is opaque and safe in a URL', () => {
      expect(cursor).toMatch(/^[\w-]+$/);
    });

    it('leads to the same page after its chat has moved or is deleted', async () => {
      const ids = await openChats(4, 'fred');
      const { next_cursor: place = '' } = await page({ limit: '2' }, 'fred');
      const behind = { chats: [{ title: 'chat 2' }, { title: 'chat 1' }] };
      await app.chat({ prompt: 'again', chat_id: ids.get('chat 3') }, 'fred').expect(200);
      expect(await page({ cursor: place }, 'fred')).toMatchObject(behind);
      await app.remove(ids.get('chat 3')!, 'fred').expect(204);
      expect(await page({ cursor: place }, 'fred')).toMatchObject(behind);
    });

    it.each([
      ['empty', () => ''],
      ['a word', () => 'yesterday'],
      ['cut', () => cursor.slice(0, -1)],
      ['longer', () => `${cursor}A`],
      ['padded', () => `${cursor}=`],
      ['with one letter changed', () => `${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}`],
      ['very long', () => 'A'.repeat(4000)],
    ])('is refused when it is %s', async (_, tampered) => {
      await app.list({ cursor: tampered() }).expect(400, refused);
    });

    it('is refused when it is given twice, and when it is of the messages of a chat', async () => {
      await app.list(`cursor=${cursor}&cursor=${cursor}`).expect(400, refused);
      await app.list({ cursor: encodeCursor('alice', 'old', 1) }).expect(400, refused);
      await app.messages('old', { cursor }).expect(400, refused);
    });
  });

  it.each(['0', '-1', '101', '1.5', '01', ' 5', 'ten', ''])('refuses the limit %j', async (limit) => {
    await app.list({ limit }).expect(400, { error: `Query 'limit' is invalid` });
  });

  it('responds 401 without a token', async () => {
    await app.list().set('id_token', '').expect(401, { error: 'Invalid id_token: token is missing' });
  });
});

describe('a table without the index', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
    const { DYNAMODB_TABLE: TableName } = app.environment;
    const { GlobalSecondaryIndexes: _, AttributeDefinitions = [], ...schema } = buildTableSchema(TableName);
    await app.table.send(new DeleteTableCommand({ TableName }));
    await app.table.send(new CreateTableCommand({ ...schema, AttributeDefinitions: AttributeDefinitions.slice(0, 2) }));
  });
  afterAll(() => app.close());

  it('keeps chats going, and names the index and the command that adds it where they are listed', async () => {
    const { id } = (await app.chat({ prompt: 'hello' }).expect(200)).body.chat;
    for (const request of [app.list(), app.removeAll()]) {
      const { body, headers } = await request.expect(503);
      expect(body.error).toBe('Storage is unavailable');
      expect(body.message).toBe(
        'The index user_id-updated_at-index of the table is missing or not ready: npm run table adds it; ' +
          `request id ${headers['x-request-id']}`,
      );
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    await app.rename(id, { title: 'renamed' }).expect(200);
    await app.remove(id).expect(204);
  });
});
