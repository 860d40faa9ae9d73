import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeListCursor, encodeListCursor } from '../../src/chat/api/dto/cursor.js';
import type { ChatListPage } from '../../src/chat/model/chat-list.js';
import { headKey } from '../../src/chat/storage/items/head-item.js';
import { useChatStore } from '../support/chat-store.js';
import { TurnRunner } from '../support/turn-runner.js';

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
const limits = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
/** What happens beside the pages: how, to which chat, and after which page. */
const change = fc.record({
  how: fc.constantFrom('turn', 'rename', 'delete', 'open'),
  which: fc.nat(),
  page: fc.integer({ min: 1, max: 6 }),
});

/** `TEST_RUNS=500` runs more. */
const RUNS = Number(process.env['TEST_RUNS'] ?? 12);

describe('pages of the list of chats', () => {
  const store = useChatStore();
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
      fc.asyncProperty(chats, limits, async (generated, sizes) => {
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
      fc.asyncProperty(chats, limits, changes, async (generated, sizes, beside) => {
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
