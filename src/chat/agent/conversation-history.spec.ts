import { describe, expect, it } from '@jest/globals';
import type { HistoryTurn } from '../model/chat.js';
import { sessionSeed } from './conversation-history.js';

const MAX_BYTES = 100_000;

const turn = (number: number, prompt: string, answer?: string): HistoryTurn => ({
  number,
  messages: [
    { role: 'user', content: prompt },
    ...(answer === undefined ? [] : [{ role: 'assistant' as const, content: answer }]),
  ],
});
const sizeOf = (seed: ReturnType<typeof sessionSeed>) =>
  seed.reduce((bytes, { prompt, answer }) => bytes + Buffer.byteLength(prompt) + Buffer.byteLength(answer), 0);

describe('sessionSeed', () => {
  it('is the turns that have an answer, in order', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two'), turn(3, 'three', ' '), turn(4, 'four', 'b')];
    expect(sessionSeed(turns)).toEqual([
      { prompt: 'one', answer: 'a' },
      { prompt: 'four', answer: 'b' },
    ]);
  });

  it('is the newest 20 of them', () => {
    const turns = Array.from({ length: 50 }, (_turn, index) => turn(index + 1, `prompt ${index + 1}`, 'answer'));
    const seed = sessionSeed(turns);
    expect(seed).toHaveLength(20);
    expect(seed[0]?.prompt).toBe('prompt 31');
  });

  it('stops before the turn that would make it too large, and leaves no gap', () => {
    const turns = [turn(1, 'one', 'a'), turn(2, 'two', 'x'.repeat(MAX_BYTES)), turn(3, 'three', 'c')];
    expect(sessionSeed(turns)).toEqual([{ prompt: 'three', answer: 'c' }]);
  });

  it.each([
    ['a long answer', 'short', '漢'.repeat(200_000)],
    ['a long prompt', '😀'.repeat(32_000), 'short'],
    ['both long', '😀'.repeat(32_000), '漢'.repeat(200_000)],
  ])('tells the newest turn cut, between characters, where it is too large by itself: %s', (_name, prompt, answer) => {
    const seed = sessionSeed([turn(1, 'one', 'a'), turn(2, prompt, answer)]);
    expect(seed).toHaveLength(1);
    expect(sizeOf(seed)).toBeLessThanOrEqual(MAX_BYTES);
    expect(sizeOf(seed)).toBeGreaterThan(MAX_BYTES - 10);
    for (const [told, said] of [[seed[0]?.prompt, prompt] as const, [seed[0]?.answer, answer] as const]) {
      if (told === said) continue;
      expect(told?.endsWith('…')).toBe(true);
      expect(said.startsWith(told?.slice(0, -1) ?? '-')).toBe(true);
      expect(told?.isWellFormed()).toBe(true);
    }
  });

  it('is cut to the byte: whole at its limit', () => {
    const answer = 'x'.repeat(MAX_BYTES - 2);
    expect(sessionSeed([turn(1, 'ab', answer)])).toEqual([{ prompt: 'ab', answer }]);
    expect(sessionSeed([turn(1, 'abc', answer)])[0]?.answer.endsWith('x…')).toBe(true);
  });
});
