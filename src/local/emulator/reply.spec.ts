import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { composeReply, splitReply } from './reply.js';

describe('composeReply', () => {
  it('names its topics if it finds no document', () => {
    expect(composeReply('Hello', []).text).toContain('ask me about Lisbon, sessions, storage');
  });

  it('has nothing to recall in a first turn', () => {
    expect(composeReply('What did I say first?', []).text).toMatch(/^You said “What did I say first\?”/);
  });

  it('quotes the beginning of a long prompt without splitting a character', () => {
    expect(composeReply('👋'.repeat(500), []).text).toContain(`“${'👋'.repeat(120)}…”`);
  });
});

describe('splitReply', () => {
  it('keeps every byte and every citation, for any prompt and size of chunks', () => {
    const anyPrompt = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(anyPrompt, fc.boolean(), fc.integer({ min: 1, max: 40 }), (prompt, isAboutLisbon, chunkBytes) => {
        const reply = composeReply(`${prompt}${isAboutLisbon ? ' Lisbon' : ''}`, []);

        const chunks = splitReply(reply, chunkBytes);

        expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('utf8')).toBe(reply.text);
        expect(chunks.flatMap(({ citations = [] }) => citations)).toEqual(reply.citations);
        expect(chunks.every(({ bytes }) => bytes.length > 0 && bytes.length <= chunkBytes)).toBe(true);
      }),
    );
  });
});
