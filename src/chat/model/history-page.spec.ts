import { describe, expect, it } from '@jest/globals';
import type { StoredTurn, Message } from './chat.js';
import { takeNewestPage, appendTurn } from './history-page.js';
import { toMessagePageResponse } from '../api/dto/chat-response.js';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

const turn = (number: number, ...messages: Message[]): StoredTurn => ({ number, messages });

describe('newestPage', () => {
  const newestFirst = [
    turn(3, user('3'), assistant('three')),
    turn(2, user('2')),
    turn(1, user('1'), assistant('one')),
  ];
  const numbersOf = async (turns: StoredTurn[], limit: number) => {
    const page = await takeNewestPage(turns, limit);
    return [page.turns.map(({ number }) => number), page.hasOlder];
  };

  it('keeps the newest turns, in order, and says whether there are older ones', async () => {
    expect(await numbersOf(newestFirst, 10)).toEqual([[1, 2, 3], false]);
    expect(await numbersOf(newestFirst, 5)).toEqual([[1, 2, 3], false]);
    expect(await numbersOf(newestFirst, 3)).toEqual([[2, 3], true]);
  });

  it('never splits a turn', async () => {
    expect(await numbersOf(newestFirst, 4)).toEqual([[2, 3], true]);
    expect(await numbersOf(newestFirst, 1)).toEqual([[3], true]);
  });

  it('stops at 1.5 MB of JSON, measured in bytes', async () => {
    const large = [4, 3, 2, 1].map((number) => turn(number, user('x'), assistant('ä'.repeat(250_000))));
    expect(await numbersOf(large, 100)).toEqual([[3, 4], true]);
  });

  it('measures messages as they are sent', async () => {
    const createdAt = '2026-01-01T00:00:00.000Z';
    const small = Array.from({ length: 10_000 }, (_, index) =>
      turn(10_000 - index, { ...user('x'.repeat(50)), createdAt }, { ...assistant('y'), createdAt }),
    );
    const { turns } = await takeNewestPage(small, 100_000);
    const sent = JSON.stringify(
      toMessagePageResponse({ messages: turns.flatMap(({ messages }) => messages) }).messages,
    );
    expect(turns.length).toBeLessThan(small.length);
    expect(sent.length).toBeLessThanOrEqual(1_500_000);
    expect(sent.length).toBeGreaterThan(1_490_000);
  });

  it('keeps the newest turn whatever its size', async () => {
    expect(await numbersOf([turn(1, user('x'.repeat(2_000_000)))], 100)).toEqual([[1], false]);
  });

  it('asks for no turn that it does not need', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<StoredTurn> {
      for (;;) yield turn((asked += 1), user('x'));
    }
    await takeNewestPage(endless(), 3);
    expect(asked).toBe(4);
  });

  it('takes a further turn in, and the oldest out where that is too many', async () => {
    const page = await takeNewestPage(newestFirst, 5);
    const { turns, hasOlder } = await appendTurn(page, turn(4, user('4'), assistant('four')), 5);
    expect([turns.map(({ number }) => number), hasOlder]).toEqual([[2, 3, 4], true]);
  });
});
