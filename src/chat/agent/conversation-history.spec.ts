import { describe, expect, it } from '@jest/globals';
import type { StoredTurn } from '../model/chat.js';
import { toConversationHistory } from './conversation-history.js';

const MAX_BYTES = 100_000;

const turn = (number: number, prompt: string, reply?: string): StoredTurn => ({
  number,
  messages: [
    { id: 'u', role: 'user', content: prompt },
    ...(reply === undefined ? [] : [{ id: 'a', role: 'assistant' as const, content: reply }]),
  ],
});
const countBytes = (history: ReturnType<typeof toConversationHistory>) =>
  history.reduce((bytes, { prompt, reply }) => bytes + Buffer.byteLength(prompt) + Buffer.byteLength(reply), 0);

describe('toConversationHistory', () => {
  it('takes the turns that have a reply, in order', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two'), turn(3, 'three', ' '), turn(4, 'four', 'b')];
    expect(toConversationHistory(turns)).toEqual([
      { prompt: 'one', reply: 'a' },
      { prompt: 'four', reply: 'b' },
    ]);
  });

  it('leaves out the turns that a filter ended', () => {
    const turns = [turn(1, 'one', 'a'), { ...turn(2, 'two', 'blocked'), isFiltered: true }];
    expect(toConversationHistory(turns)).toEqual([{ prompt: 'one', reply: 'a' }]);
  });

  it('takes the newest 20 turns', () => {
    const turns = Array.from({ length: 50 }, (_turn, index) => turn(index + 1, `prompt ${index + 1}`, 'reply'));
    const history = toConversationHistory(turns);
    expect(history).toHaveLength(20);
    expect(history[0]?.prompt).toBe('prompt 31');
  });

  it('ends before a turn that is too large, and leaves no gap', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two', 'x'.repeat(MAX_BYTES)), turn(3, 'three', 'c')];
    expect(toConversationHistory(turns)).toEqual([{ prompt: 'three', reply: 'c' }]);
  });

  it.each([
    ['a long reply', 'short', '漢'.repeat(200_000)],
    ['a long prompt', '😀'.repeat(32_000), 'short'],
    ['both long', '😀'.repeat(32_000), '漢'.repeat(200_000)],
  ])('cuts the newest turn between characters if it is too large: %s', (_name, prompt, reply) => {
    const history = toConversationHistory([turn(1, 'one', 'a'), turn(2, prompt, reply)]);
    expect(history).toHaveLength(1);
    expect(countBytes(history)).toBeLessThanOrEqual(MAX_BYTES);
    expect(countBytes(history)).toBeGreaterThan(MAX_BYTES - 10);
    for (const [sent, stored] of [[history[0]?.prompt, prompt] as const, [history[0]?.reply, reply] as const]) {
      if (sent === stored) continue;
      expect(sent?.endsWith('…')).toBe(true);
      expect(stored.startsWith(sent?.slice(0, -1) ?? '-')).toBe(true);
      expect(sent?.isWellFormed()).toBe(true);
    }
  });

  it('cuts no grapheme', () => {
    const family = '👨‍👩‍👧';
    for (const letters of ['', 'a', 'ab', 'abc']) {
      const reply = letters + family.repeat(10_000);
      const [exchange] = toConversationHistory([turn(1, 'x', reply)]);
      expect(exchange?.reply.slice(letters.length, -1).replaceAll(family, '')).toBe('');
    }
  });

  it('cuts nothing from a turn of exactly 100 kB', () => {
    const reply = 'x'.repeat(MAX_BYTES - 2);
    expect(toConversationHistory([turn(1, 'ab', reply)])).toEqual([{ prompt: 'ab', reply }]);
    expect(toConversationHistory([turn(1, 'abc', reply)])[0]?.reply.endsWith('x…')).toBe(true);
  });
});
