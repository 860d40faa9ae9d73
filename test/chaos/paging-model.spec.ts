import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { putItem } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import type { HistoryPage, StoredTurn, Message, TurnOutcome } from '../../src/chat/model/chat.js';
import { decodeCursor, encodeCursor } from '../../src/chat/api/dto/cursor.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { toTurnItems } from '../../src/chat/storage/items/turn-item.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';

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
  const store = useChatStore();

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
