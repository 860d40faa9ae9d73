import { describe, expect, it } from '@jest/globals';
import type { StoredTurn, Message } from './chat.js';
import { takeNewestPage, appendTurn } from './history-page.js';

const user = (content: string): Message => ({ id: 'u', role: 'user', content });
const assistant = (content: string): Message => ({ id: 'a', role: 'assistant', content });

const turn = (number: number, ...messages: Message[]): StoredTurn => ({ number, messages });

/** Three turns, the second of them without a reply. */
const newestFirst = [turn(3, user('3'), assistant('three')), turn(2, user('2')), turn(1, user('1'), assistant('one'))];

describe('takeNewestPage', () => {
  const takeNumbers = async (turns: StoredTurn[], limit: number) => {
    const page = await takeNewestPage(turns, limit);
    return [page.turns.map(({ number }) => number), page.hasOlder];
  };

  it('takes the newest turns in order, and tells whether there are older turns', async () => {
    expect(await takeNumbers(newestFirst, 10)).toEqual([[1, 2, 3], false]);
    expect(await takeNumbers(newestFirst, 5)).toEqual([[1, 2, 3], false]);
    expect(await takeNumbers(newestFirst, 3)).toEqual([[2, 3], true]);
  });

  it('never splits a turn', async () => {
    expect(await takeNumbers(newestFirst, 4)).toEqual([[2, 3], true]);
    expect(await takeNumbers(newestFirst, 1)).toEqual([[3], true]);
  });

  it('stops at 1.5 MB of JSON, measured in bytes', async () => {
    const large = [4, 3, 2, 1].map((number) => turn(number, user('x'), assistant('ä'.repeat(250_000))));
    expect(await takeNumbers(large, 100)).toEqual([[3, 4], true]);
  });

  it('takes the newest turn even if it is too large', async () => {
    expect(await takeNumbers([turn(1, user('x'.repeat(2_000_000)))], 100)).toEqual([[1], false]);
  });

  it('stops reading at the first turn that does not fit', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<StoredTurn> {
      for (;;) yield turn((read += 1), user('x'));
    }
    await takeNewestPage(endless(), 3);
    expect(read).toBe(4);
  });
});

describe('appendTurn', () => {
  it('drops the oldest turn when a new turn exceeds the limit', async () => {
    const page = await takeNewestPage(newestFirst, 5);
    const { turns, hasOlder } = await appendTurn(page, turn(4, user('4'), assistant('four')), 5);
    expect([turns.map(({ number }) => number), hasOlder]).toEqual([[2, 3, 4], true]);
  });
});
