import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { putItem } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { TurnRunner } from '../support/turn-runner.js';
import { decodeCursor, decodeListCursor, encodeCursor, encodeListCursor } from '../../src/chat/api/dto/cursor.js';
import type { HistoryPage, StoredTurn, Message, TurnOutcome } from '../../src/chat/model/chat.js';
import type { ChatListPage } from '../../src/chat/model/chat-list.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { toTurnItems } from '../../src/chat/storage/items/turn-item.js';

const store = useChatStore();
const PAGE_MAX_BYTES = 1_500_000;
/** `TEST_RUNS=500` runs more. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 12);

/** A generated turn: how it ended, and the length of its reply in characters of three bytes. */
interface GeneratedTurn {
  readonly status: TurnOutcome['status'];
  readonly length: number;
}

const length = fc.oneof(
  { weight: 12, arbitrary: fc.constant(5) },
  { weight: 2, arbitrary: fc.integer({ min: 90_000, max: 110_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 320_000 }) },
);
const generatedTurn = fc.record({ status: fc.constantFrom('done', 'done', 'partial', 'failed'), length });
const legacyMessage = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.string({ maxLength: 8 }) });
const open = fc.constantFrom(undefined, 'running', 'dead');

describe('history pages with any limits', () => {
  /** Puts a chat with the items of these turns. @returns its id. */
  async function putChat(
    turns: readonly GeneratedTurn[],
    messages: readonly object[] = [],
    held?: 'running' | 'dead',
  ): Promise<string> {
    const id = randomUUID();
    const at = new Date().toISOString();
    const until = Date.now() + (held === 'dead' ? -1 : 600_000);
    const newest = turns.length + (held ? 1 : 0);
    await putItem(store, {
      ...headKey('alice', id),
      title: 'generated',
      created_at: at,
      updated_at: at,
      ...(newest > 0 && { turns: newest }),
      ...(messages.length > 0 && { messages }),
      ...(held && { open: { lease: 'of the open turn', until, prompt: `prompt ${newest}`, at } }),
    });
    const items = turns.flatMap(({ status, length: characters }, index) => {
      const number = index + 1;
      const chat = { id, userId: 'alice' };
      const turn = { chat, lease: `lease ${index}`, prompt: `prompt ${number}`, at } as RunningTurn;
      const reply = `${number}:${'漢'.repeat(characters)}`;
      const outcome = status === 'failed' ? { status } : { status, reply, citations: [] };
      const { turnItem, continuations } = toTurnItems(turn, outcome, { number, doneAt: at, expiry: {} });
      return [...continuations, turnItem];
    });
    // DynamoDB takes at most 16 MB in one batch.
    for (let start = 0; start < items.length; start += 25)
      await store.dynamoTable.replace(items.slice(start, start + 25) as never);
    return id;
  }

  /** Reads a chat page by page through cursors, the newest page first. `limits` are used in a cycle. */
  async function readBack(
    id: string,
    limits: readonly number[],
  ): Promise<{ turns: StoredTurn[]; pages: HistoryPage[] }> {
    const pages: HistoryPage[] = [];
    let page = (await store.history.getNewest('alice', id, limits[0]!)).history;
    for (pages.push(page); page.hasOlder; pages.push(page)) {
      const cursor = encodeCursor('alice', id, page.turns[0]!.number);
      const range = { before: decodeCursor('alice', id, cursor)!, limit: limits[pages.length % limits.length]! };
      page = await store.history.getPage('alice', id, range);
    }
    return { turns: pages.toReversed().flatMap(({ turns }) => turns), pages };
  }

  const toTexts = (turns: readonly StoredTurn[]) =>
    turns.map(({ messages }) => messages.map(({ role, content, status }: Message) => [role, content, status]));

  it('contain every turn once, never split a turn, and are never too large', async () => {
    const turns = fc.array(generatedTurn, { maxLength: 12 });
    const legacy = fc.array(legacyMessage, { maxLength: 6 });
    const limits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(turns, legacy, open, limits, async (generated, messages, held, pageLimits) => {
        const id = await putChat(generated, messages, held);
        const { turns: read, pages } = await readBack(id, pageLimits);
        const ended = generated.map(({ status, length: characters }, index) => {
          const reply = `${index + 1}:${'漢'.repeat(characters)}`;
          const prompt = ['user', `prompt ${index + 1}`, status === 'failed' ? 'failed' : undefined];
          if (status === 'failed') return [prompt];
          return [prompt, ['assistant', reply, status === 'partial' ? 'partial' : undefined]];
        });
        const last = held && [['user', `prompt ${generated.length + 1}`, held === 'dead' ? 'failed' : 'pending']];
        const expected = [...ended, ...(last ? [last] : [])];
        expect(toTexts(read.filter(({ number }) => number > 0))).toEqual(expected);
        const legacyMessages = read.filter(({ number }) => number <= 0).flatMap(({ messages: own }) => own);
        // Messages without words are left out.
        const spoken = messages.filter(({ content }) => content !== '');
        expect(legacyMessages.map(({ role, content }) => ({ role, content }))).toEqual(spoken);
        for (const [index, page] of pages.entries()) {
          const shown = page.turns.flatMap(({ messages: own }) => own);
          const fits =
            shown.length <= pageLimits[index % pageLimits.length]! &&
            Buffer.byteLength(JSON.stringify(shown)) <= PAGE_MAX_BYTES;
          expect(fits || page.turns.length === 1).toBe(true);
          expect(page.turns.length > 0 || read.length === 0).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('contain all of 500 turns', async () => {
    const id = await putChat(Array.from({ length: 500 }, () => ({ status: 'done', length: 5 })));
    const { turns, pages } = await readBack(id, [100]);
    expect(turns.map(({ number }) => number)).toEqual(Array.from({ length: 500 }, (_turn, index) => index + 1));
    expect(turns.every(({ number, messages }) => messages[1]?.content.startsWith(`${number}:`))).toBe(true);
    expect(pages).toHaveLength(10);
  }, 120_000);
});

/** In epoch seconds. */
const LONG_AGO = 1_000_000_000;

/** A generated chat. Only few times exist, so that many chats have the same. */
interface GeneratedChat {
  readonly updatedAt: string;
  readonly state: keyof typeof STATES;
}

/** What a head has beside its title and times. */
const STATES = {
  shown: {},
  deleted: { deleted_at: '2026-01-01T00:00:00.000Z' },
  expired: { expires_at: LONG_AGO },
  unreachable: {},
};
const time = fc.integer({ min: 1, max: 6 }).chain((hour) =>
  // Ours, and two forms of the original system.
  fc.constantFrom(`2024-05-01T0${hour}:00:00.000Z`, `2024-05-01T0${hour}:00:00.123456`, `2024-05-01 0${hour}:00:00`),
);
const state = fc.constantFrom('shown', 'shown', 'shown', 'deleted', 'expired', 'unreachable');
const chats = fc.array(fc.record({ updatedAt: time, state }), { maxLength: 24 }) as fc.Arbitrary<GeneratedChat[]>;
const listLimits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
/** What happens beside the pages: how, to which chat, and after which page. */
const change = fc.record({
  how: fc.constantFrom('turn', 'rename', 'delete', 'open'),
  which: fc.nat(),
  page: fc.integer({ min: 1, max: 6 }),
});

describe('pages of the list of chats', () => {
  let users = 0;

  /** Puts the heads of these chats. @returns their ids. */
  async function putChats(user: string, generated: readonly GeneratedChat[]): Promise<string[]> {
    const heads = generated.map(({ updatedAt, state: kind }, index) => ({
      ...headKey(user, `${kind === 'unreachable' ? 'no id/' : ''}${randomUUID()}`),
      title: `chat ${index}`,
      created_at: updatedAt,
      updated_at: updatedAt,
      ...STATES[kind],
    }));
    await store.dynamoTable.replace(heads);
    return heads.map(({ id }) => id);
  }

  /** Reads the list page by page through cursors. `limits` are used in a cycle. */
  async function readPages(
    user: string,
    sizes: readonly number[],
    afterPage: (page: number) => Promise<void> = async () => undefined,
  ): Promise<ChatListPage[]> {
    const pages: ChatListPage[] = [];
    let cursor: string | undefined;
    do {
      const limit = sizes[pages.length % sizes.length]!;
      const page = await store.list.list(user, { after: decodeListCursor(user, cursor), limit });
      pages.push(page);
      cursor = page.last && encodeListCursor(user, page.last);
      await afterPage(pages.length);
    } while (cursor !== undefined);
    return pages;
  }

  const idsOf = (pages: readonly ChatListPage[]) => pages.flatMap((page) => page.chats.map(({ id }) => id));

  it('make up the whole list: each chat once, in order, and no page too short', async () => {
    await fc.assert(
      fc.asyncProperty(chats, listLimits, async (generated, sizes) => {
        const user = `user-${(users += 1)}`;
        const ids = await putChats(user, generated);
        const pages = await readPages(user, sizes);
        const times = new Map(ids.map((id, index) => [id, generated[index]!.updatedAt]));
        const read = idsOf(pages);
        const shown = ids.filter((_, index) => generated[index]!.state === 'shown');
        expect(read.toSorted()).toEqual(shown.toSorted());
        const readTimes = read.map((id) => times.get(id)!);
        expect(readTimes).toEqual(readTimes.toSorted().toReversed());
        // Chats of the same time have the same order in every reading.
        expect(read).toEqual(idsOf(await readPages(user, [100])));
        for (const [index, page] of pages.entries()) {
          const limit = sizes[index % sizes.length]!;
          const isLast = index === pages.length - 1;
          expect(page.chats.length === limit || (isLast && page.chats.length < limit)).toBe(true);
          expect(page.chats.length > 0 || shown.length === 0).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('have every chat once that did not change while others had turns, were renamed, deleted or opened', async () => {
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chats, listLimits, changes, async (generated, sizes, beside) => {
        const user = `user-${(users += 1)}`;
        const runner = new TurnRunner(store, user);
        const ids = await putChats(user, generated);
        const shown = ids.filter((_, index) => generated[index]!.state === 'shown');
        const order = idsOf(await readPages(user, [100]));
        const moved = new Set<string>();
        const deleted = new Set<string>();

        async function make({ how, which }: (typeof beside)[number]): Promise<void> {
          const left = shown.filter((id) => !deleted.has(id));
          const id = left[which % left.length];
          if (how === 'open' || id === undefined) return void (await runner.turn('opens a chat'));
          if (how === 'rename') return void (await store.list.rename(user, id, 'renamed'));
          (how === 'turn' ? moved : deleted).add(id);
          if (how === 'turn') await runner.turn('another turn', id);
          else await store.deletion.delete(user, id);
        }

        const pages = await readPages(user, sizes, async (page) => {
          for (const one of beside.filter((planned) => planned.page === page)) await make(one);
        });
        const read = idsOf(pages);
        expect(new Set(read).size).toBe(read.length);
        const isUnchanged = (id: string) => !moved.has(id) && !deleted.has(id);
        expect(read.filter((id) => shown.includes(id) && isUnchanged(id))).toEqual(order.filter(isUnchanged));
        expect(pages.slice(0, -1).every((page) => page.chats.length > 0)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
