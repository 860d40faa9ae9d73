import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, setOnHead } from '../support/chat-items.js';

interface PageMessage {
  readonly role: string;
  readonly content: string;
  readonly status?: string;
}
interface Page {
  readonly messages: PageMessage[];
  readonly next_cursor?: string;
}

const TURNS = 30;
const OLD_TURNS = 30;
const LIMIT = 10;

const questions = ({ messages }: Page) => messages.filter(({ role }) => role === 'user').map(({ content }) => content);

/** 30 turns of the original system and 30 of this one. One turn failed, and one broke off. */
describe('the history of a long chat', () => {
  let app: ChatApp;
  let chatId: string;
  beforeAll(async () => {
    app = await startChatApp({ CHAT_HISTORY_LIMIT: String(LIMIT) });
    chatId = 'a-long-chat';
    const old = Array.from({ length: OLD_TURNS }, (_, index) => [
      { role: 'user', content: `old ${index + 1}` },
      { role: 'assistant', content: `answer to old ${index + 1}` },
    ]);
    await putItem(app, originalChat(chatId, old.flat()));
    for (const [index, fault] of ['', ' [[fault hang-up]]', ' [[fault torn after=2]]', ''].entries()) {
      await app.chat({ prompt: `turn ${index + 1}${fault}`, chat_id: chatId });
    }
    // The others are put past the service, between two that it has run.
    const at = new Date().toISOString();
    const turns = Array.from({ length: TURNS - 5 }, (_, index) => index + 5).map((number) =>
      putItem(app, {
        id: chatId,
        user_id: turnSortKey('alice', number),
        prompt: `turn ${number}`,
        answer: `reply ${number}`,
        status: 'done',
        lease: `lease ${number}`,
        at,
        done_at: at,
      }),
    );
    await Promise.all(turns);
    await setOnHead(app, chatId, { turns: TURNS - 1 });
    await app.chat({ prompt: `turn ${TURNS}`, chat_id: chatId }).expect(200);
  });
  afterAll(() => app.close());

  const page = async (query: Record<string, string>) => (await app.messages(chatId, query).expect(200)).body as Page;

  /** Reads this page and all older ones. @returns them oldest first, and their number. */
  async function pagesFrom(first: Page, limit: string): Promise<Page[]> {
    const pages = [first];
    for (let cursor = first.next_cursor; cursor !== undefined; cursor = pages[0]?.next_cursor) {
      pages.unshift(await page({ cursor, limit }));
    }
    return pages;
  }

  it('comes with a chat up to the limit, with a cursor for older messages', async () => {
    const { chat } = (await app.read(chatId).expect(200)).body;
    expect(questions(chat)).toEqual(['turn 26', 'turn 27', 'turn 28', 'turn 29', 'turn 30']);
    expect(Object.keys(chat).at(-1)).toBe('next_cursor');
    expect((await page({ limit: String(LIMIT) })).next_cursor).toBe(chat.next_cursor);
    const older = await page({ cursor: chat.next_cursor, limit: '4' });
    expect(questions(older)).toEqual(['turn 24', 'turn 25']);
  });

  it.each(['1', '7', '100'])('is complete and in order in pages of %s, and no turn is split', async (limit) => {
    const pages = await pagesFrom(await page({ limit }), limit);
    for (const { messages } of pages) {
      expect(messages[0]?.role).toBe('user');
      // A page has at least one turn, which is two messages.
      expect(messages.length).toBeLessThanOrEqual(Math.max(2, Number(limit)));
    }
    const whole = pages.flatMap(({ messages }) => messages);
    const numbers = (name: string, length: number) => Array.from({ length }, (_, index) => `${name} ${index + 1}`);
    const asked = questions({ messages: whole }).map((prompt) => prompt.replace(/ \[.*/, ''));
    expect(asked).toEqual([...numbers('old', OLD_TURNS), ...numbers('turn', TURNS)]);
    expect(whole).toHaveLength(2 * (OLD_TURNS + TURNS) - 1);
    expect(whole.filter(({ status }) => status).map(({ role, status }) => [role, status])).toEqual([
      ['user', 'failed'],
      ['assistant', 'partial'],
    ]);
    expect(whole[1]).toEqual({ id: `${chatId}:${1 - OLD_TURNS}`, role: 'assistant', content: 'answer to old 1' });
    expect(pages[0]).not.toHaveProperty('next_cursor');
  });

  it('is 100 messages without a limit', async () => {
    expect((await page({})).messages.length).toBeGreaterThan(98);
    expect((await page({})).messages.length).toBeLessThanOrEqual(100);
  });

  it('keeps its older pages while the chat continues', async () => {
    const { next_cursor: cursor = '' } = await page({ limit: '6' });
    const before = await page({ cursor, limit: '6' });
    await app.chat({ prompt: 'one more', chat_id: chatId }).expect(200);
    expect(await page({ cursor, limit: '6' })).toEqual(before);
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

    it('is refused for another chat of the same user', async () => {
      const other = (await app.chat({ prompt: 'other' }).expect(200)).body.chat.id as string;
      await app.messages(other, { cursor }).expect(400, refused);
    });

    it('is refused for another user, whose chat has the same id', async () => {
      await putItem(app, { ...originalChat(chatId, [{ role: 'user', content: 'of bob' }]), user_id: 'bob' });
      await app.messages(chatId, { cursor }, 'bob').expect(400, refused);
      const own = (await app.messages(chatId, {}, 'bob').expect(200)).body;
      expect(own).toEqual({ messages: [{ id: `${chatId}:0:user`, role: 'user', content: 'of bob' }] });
    });

    it.each([
      ['empty', () => ''],
      ['a word', () => 'yesterday'],
      ['a number', () => '5'],
      ['cut', () => cursor.slice(0, -1)],
      ['longer', () => `${cursor}A`],
      ['padded', () => `${cursor}=`],
      ['with one letter changed', () => `${cursor.startsWith('A') ? 'B' : 'A'}${cursor.slice(1)}`],
      ['with another number', () => renumbered(cursor)],
      ['very long', () => 'A'.repeat(4000)],
    ])('is refused when it is %s', async (_, tampered) => {
      await app.messages(chatId, { cursor: tampered() }).expect(400, refused);
    });

    it('is refused when it is given twice', async () => {
      await app.messages(chatId, `cursor=${cursor}&cursor=${cursor}`).expect(400, refused);
    });
  });

  it.each(['0', '-1', '101', '1000', '1.5', '1e1', '01', ' 5', 'ten', ''])('refuses the limit %j', async (limit) => {
    await app.messages(chatId, { limit }).expect(400, { error: `Query 'limit' is invalid` });
  });

  it('refuses a limit given twice', async () => {
    await app.messages(chatId, 'limit=5&limit=6').expect(400, { error: `Query 'limit' is invalid` });
  });

  it('responds 404 to other users, as for a missing chat', async () => {
    for (const [id, user] of [
      [chatId, 'mallory'],
      ['no-such-chat', 'alice'],
      ['not%20an%20id', 'alice'],
    ]) {
      // prettier-ignore
      await app.messages(String(id), {}, user).expect(404, { error: 'Chat not found' });
    }
  });

  it('responds 401 without a token', async () => {
    const answer = await app.messages(chatId).set('id_token', '');
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 401,
      body: { error: 'Invalid id_token: token is missing' },
    });
  });
});

/** Returns the cursor with the next number and an unchanged binding. */
function renumbered(cursor: string): string {
  const [number, bound] = Buffer.from(cursor, 'base64url').toString().split('.');
  return Buffer.from(`${Number(number) + 1}.${bound}`).toString('base64url');
}
