import { describe, expect, it } from '@jest/globals';
import { groupIntoTurns, listLegacyTurns } from './legacy-messages.js';

const user = (content: string) => ({ role: 'user' as const, content });
const assistant = (content: string) => ({ role: 'assistant' as const, content });

describe('groupIntoTurns', () => {
  it('starts a turn with each user message', () => {
    const messages = [user('1'), assistant('one'), user('2'), user('3'), assistant('three'), assistant('more')];
    expect(groupIntoTurns(messages).map((group) => group.map(({ content }) => content))).toEqual([
      ['1', 'one'],
      ['2'],
      ['3', 'three'],
      ['more'],
    ]);
  });

  it('accepts a history that starts with an assistant message', () => {
    expect(groupIntoTurns([assistant('hello'), user('1')])).toHaveLength(2);
  });
});

describe('listLegacyTurns', () => {
  it('numbers the turns so that the last is 0, and the messages by their turns', () => {
    const turns = listLegacyTurns('c', { messages: [user('1'), assistant('one'), user('2')] });
    expect(turns.map(({ number }) => number)).toEqual([-1, 0]);
    expect(turns.flatMap(({ messages }) => messages.map(({ id }) => id))).toEqual(['c:-1:user', 'c:-1', 'c:0:user']);
  });

  it('reads the attribute of LangChain if it is the only one with messages', () => {
    const History = [{ type: 'human', data: { content: 'hello' } }];
    const turn = { number: 0, messages: [user('hello')] };
    expect(listLegacyTurns('c', { messages: [], History })).toMatchObject([turn]);
    const unreadable = { item: { chat: 'c', part: 'head', attribute: 'messages,History' } };
    expect(() => listLegacyTurns('c', { messages: [user('1')], History })).toThrow(expect.objectContaining(unreadable));
  });

  it('finds no turns if the item has no messages', () => {
    expect(listLegacyTurns('c', {})).toEqual([]);
  });
});
