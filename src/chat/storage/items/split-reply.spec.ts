import { describe, expect, it } from '@jest/globals';
import { type ContinuationItem, joinReply, listPossibleKeys, splitReply } from './split-reply.js';

const piece = (part: number, text: string, lease = 'own'): ContinuationItem => ({
  id: 'chat',
  user_id: `alice#T#000000000001#00${part}`,
  text,
  lease,
});

describe('splitReply', () => {
  it('keeps a reply in one piece if it fits beside its prompt', () => {
    expect(splitReply('x'.repeat(299_000), 1_000)).toHaveLength(1);
    expect(splitReply('x'.repeat(299_001), 1_000)).toHaveLength(2);
    expect(splitReply('', 1_000)).toEqual(['']);
  });

  it('makes the first piece smaller by the size of the prompt', () => {
    const pieces = splitReply('x'.repeat(700_000), 100_000);
    expect(pieces.map(({ length }) => length)).toEqual([200_000, 300_000, 200_000]);
  });

  it.each(['漢', '👍', 'xé'])('never cuts inside a character: %s', (text) => {
    const reply = text.repeat(200_000);
    const pieces = splitReply(reply, 1);
    expect(pieces.join('')).toBe(reply);
    for (const cut of pieces) expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(300_000);
  });

  it('needs no more items than a turn may have', () => {
    const pieces = splitReply('x'.repeat(1_000_000), 300_000);
    expect(pieces.length).toBeLessThanOrEqual(listPossibleKeys('alice', 'chat', 1).length);
  });
});

describe('joinReply', () => {
  const first = { answer: 'a', parts: 2, lease: 'own' };

  it('joins the pieces in the order of their keys', () => {
    expect(joinReply(first, [piece(2, 'c'), piece(1, 'b')])).toEqual({ text: 'abc', isWhole: true });
  });

  it('ignores the pieces of another run', () => {
    expect(joinReply(first, [piece(1, 'x', 'other'), piece(1, 'b'), piece(2, 'c')])).toEqual({
      text: 'abc',
      isWhole: true,
    });
  });

  it('ignores pieces beyond the number of parts', () => {
    expect(joinReply(first, [piece(1, 'b'), piece(2, 'c'), piece(3, 'x')])).toEqual({ text: 'abc', isWhole: true });
  });

  it.each([
    ['is missing', { ...first, parts: 2 }],
    ['may be missing', { ...first, parts: Infinity }],
  ])('says that a piece %s', (_, incomplete) => {
    expect(joinReply(incomplete, [piece(1, 'b')])).toEqual({ text: 'ab', isWhole: false });
  });

  it('accepts all pieces of a turn whose lease was removed', () => {
    expect(joinReply({ answer: 'a', parts: 2 }, [piece(1, 'b'), piece(2, 'c')])).toEqual({
      text: 'abc',
      isWhole: true,
    });
  });
});
