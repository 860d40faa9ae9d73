import { describe, expect, it } from '@jest/globals';
import type { StoredTurn } from '../model/chat.js';
import { toConversationHistory } from './conversation-history.js';

const MAX_BYTES = 100_000;

const turn = (number: number, prompt: string, answer?: string): StoredTurn => ({
  number,
  messages: [
    { role: 'user', content: prompt },
    ...(answer === undefined ? [] : [{ role: 'assistant' as const, content: answer }]),
  ],
});
const sizeOf = (seed: ReturnType<typeof toConversationHistory>) =>
  seed.reduce((bytes, { prompt, reply }) => bytes + Buffer.byteLength(prompt) + Buffer.byteLength(reply), 0);

describe('toConversationHistory', () => {
  it('is the turns that have an answer, in order', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two'), turn(3, 'three', ' '), turn(4, 'four', 'b')];
    expect(toConversationHistory(turns)).toEqual([
      { prompt: 'one', reply: 'a' },
      { prompt: 'four', reply: 'b' },
    ]);
  });

  it('is the newest 20 of them', () => {
    const turns = Array.from({ length: 50 }, (_turn, index) => turn(index + 1, `prompt ${index + 1}`, 'answer'));
    const seed = toConversationHistory(turns);
    expect(seed).toHaveLength(20);
    expect(seed[0]?.prompt).toBe('prompt 31');
  });

  it('stops before the turn that would make it too large, and leaves no gap', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two', 'x'.repeat(MAX_BYTES)), turn(3, 'three', 'c')];
    expect(toConversationHistory(turns)).toEqual([{ prompt: 'three', reply: 'c' }]);
  });

  it.each([
    ['a long answer', 'short', '漢'.repeat(200_000)],
    ['a long prompt', '😀'.repeat(32_000), 'short'],
    ['both long', '😀'.repeat(32_000), '漢'.repeat(200_000)],
  ])('tells the newest turn cut, between characters, where it is too large by itself: %s', (_name, prompt, answer) => {
    const seed = toConversationHistory([turn(1, 'one', 'a'), turn(2, prompt, answer)]);
    expect(seed).toHaveLength(1);
    expect(sizeOf(seed)).toBeLessThanOrEqual(MAX_BYTES);
    expect(sizeOf(seed)).toBeGreaterThan(MAX_BYTES - 10);
    for (const [told, said] of [[seed[0]?.prompt, prompt] as const, [seed[0]?.reply, answer] as const]) {
      if (told === said) continue;
      expect(told?.endsWith('…')).toBe(true);
      expect(said.startsWith(told?.slice(0, -1) ?? '-')).toBe(true);
      expect(told?.isWellFormed()).toBe(true);
    }
  });

  it('is cut to the byte: whole at its limit', () => {
    const reply = 'x'.repeat(MAX_BYTES - 2);
    expect(toConversationHistory([turn(1, 'ab', reply)])).toEqual([{ prompt: 'ab', reply }]);
    expect(toConversationHistory([turn(1, 'abc', reply)])[0]?.reply.endsWith('x…')).toBe(true);
  });
});
