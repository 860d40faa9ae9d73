import { describe, expect, it } from '@jest/globals';
import type { StoredTurn, Message } from './chat.js';
import { groupIntoTurns, takeNewestPage, appendTurn } from './history-page.js';

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

describe('groupIntoTurns', () => {
  it('opens a turn with each question', () => {
    const messages = [user('1'), assistant('one'), user('2'), user('3'), assistant('three'), assistant('more')];
    expect(groupIntoTurns(messages).map((group) => group.map(({ content }) => content))).toEqual([
      ['1', 'one'],
      ['2'],
      ['3', 'three'],
      ['more'],
    ]);
  });

  it('takes a history that begins with an answer', () => {
    expect(groupIntoTurns([assistant('hello'), user('1')])).toHaveLength(2);
  });
});
