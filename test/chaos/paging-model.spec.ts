import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { putItem } from '../support/chat-items.js';
import { chatStoreForTests } from '../support/chat-store.js';
import type { HistoryPage, StoredTurn, Message, TurnOutcome } from '../../src/chat/model/chat.js';
import { encodeCursor, decodeCursor } from '../../src/chat/api/dto/cursor.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { toTurnItems } from '../../src/chat/storage/items/turn-item.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';

const PAGE_MAX_BYTES = 1_500_000;

/** A turn as it is made up: how it ended, and how long its answer is, in characters of three bytes each. */
interface MadeTurn {
  readonly status: TurnOutcome['status'];
  readonly length: number;
}

const length = fc.oneof(
  { weight: 12, arbitrary: fc.constant(5) },
  { weight: 2, arbitrary: fc.integer({ min: 90_000, max: 110_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 320_000 }) },
);
const madeTurn = fc.record({ status: fc.constantFrom('done', 'done', 'partial', 'failed'), length });
const inlineMessage = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.string({ maxLength: 8 }) });
const open = fc.constantFrom(undefined, 'running', 'dead');

describe('pages of any sizes', () => {
  const store = chatStoreForTests();
  let table: DynamoTable;
  beforeAll(() => {
    table = new DynamoTable(store.client, store.environment);
  });

  /** Puts a chat with these turns, in the items that a turn ends up in. @returns its id. */
  async function chatOf(
    turns: readonly MadeTurn[],
    messages: readonly object[] = [],
    held?: 'running' | 'dead',
  ): Promise<string> {
    const id = randomUUID();
    const at = new Date().toISOString();
    const until = Date.now() + (held === 'dead' ? -1 : 600_000);
    const number = turns.length + (held ? 1 : 0);
    await putItem(store, {
      ...headKey('alice', id),
      title: 'made up',
      created_at: at,
      updated_at: at,
      ...(number > 0 && { turns: number }),
      ...(messages.length > 0 && { messages }),
      ...(held && { open: { lease: 'of the open turn', until, prompt: `prompt ${number}`, at } }),
    });
    const items = turns.flatMap(({ status, length: characters }, index) => {
      const turn = { chat: { id }, lease: `lease ${index}`, prompt: `prompt ${index + 1}`, at } as RunningTurn;
      const reply = `${index + 1}:${'漢'.repeat(characters)}`;
      const outcome = status === 'failed' ? { status } : { status, reply, citations: [] };
      const { turnItem, continuations } = toTurnItems('alice', turn, index + 1, outcome, at, {});
      return [...continuations, turnItem];
    });
    // The table takes 16 MB at once, and no more.
    for (let start = 0; start < items.length; start += 25) await table.replace(items.slice(start, start + 25) as never);
    return id;
  }

  /** Reads a chat page by page, from the newest back through cursors; `limits` come round again. */
  async function readBack(
    id: string,
    limits: readonly number[],
  ): Promise<{ turns: StoredTurn[]; pages: HistoryPage[] }> {
    const pages: HistoryPage[] = [];
    let page = (await store.history.newest('alice', id, limits[0]!)).history;
    for (pages.push(page); page.hasOlder; pages.push(page)) {
      const cursor = encodeCursor('alice', id, page.turns[0]!.number);
      page = await store.history.page(
        'alice',
        id,
        decodeCursor('alice', id, cursor)!,
        limits[pages.length % limits.length]!,
      );
    }
    return { turns: pages.toReversed().flatMap(({ turns }) => turns), pages };
  }

  const textsOf = (turns: readonly StoredTurn[]) =>
    turns.map(({ messages }) => messages.map(({ role, content, status }: Message) => [role, content, status]));

  it('come to the whole, never split a turn, and are never too large', async () => {
    const turns = fc.array(madeTurn, { maxLength: 12 });
    const inline = fc.array(inlineMessage, { maxLength: 6 });
    const limits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(turns, inline, open, limits, async (made, messages, held, pageLimits) => {
        const id = await chatOf(made, messages, held);
        const { turns: read, pages } = await readBack(id, pageLimits);
        const ended = made.map(({ status, length: characters }, index) => {
          const answer = `${index + 1}:${'漢'.repeat(characters)}`;
          const prompt = ['user', `prompt ${index + 1}`, status === 'failed' ? 'failed' : undefined];
          if (status === 'failed') return [prompt];
          return [prompt, ['assistant', answer, status === 'partial' ? 'partial' : undefined]];
        });
        const last = held && [['user', `prompt ${made.length + 1}`, held === 'dead' ? 'failed' : 'pending']];
        const expected = [...ended, ...(last ? [last] : [])];
        expect(textsOf(read.filter(({ number }) => number > 0))).toEqual(expected);
        const inherited = read.filter(({ number }) => number <= 0).flatMap(({ messages: own }) => own);
        expect(inherited.map(({ role, content }) => ({ role, content }))).toEqual(messages);
        for (const [index, page] of pages.entries()) {
          const shown = page.turns.flatMap(({ messages: own }) => own);
          const fits =
            shown.length <= pageLimits[index % pageLimits.length]! &&
            Buffer.byteLength(JSON.stringify(shown)) <= PAGE_MAX_BYTES;
          expect(fits || page.turns.length === 1).toBe(true);
          expect(page.turns.length > 0 || read.length === 0).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('read 2,000 turns back', async () => {
    const id = await chatOf(Array.from({ length: 2_000 }, () => ({ status: 'done', length: 5 })));
    const { turns, pages } = await readBack(id, [100]);
    expect(turns.map(({ number }) => number)).toEqual(Array.from({ length: 2_000 }, (_turn, index) => index + 1));
    expect(turns.every(({ number, messages }) => messages[1]?.content.startsWith(`${number}:`))).toBe(true);
    expect(pages).toHaveLength(40);
  }, 120_000);
});
