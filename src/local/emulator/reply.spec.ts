import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { composeReply, inChunks } from './reply.js';

describe('emulatedAnswer', () => {
  it('names its topics when it found nothing', () => {
    expect(composeReply('Hello', []).text).toContain('ask me about Lisbon, sessions, storage');
  });

  it('has nothing to recall in a first turn', () => {
    expect(composeReply('What did I say first?', []).text).toMatch(/^You said “What did I say first\?”/);
  });

  it('quotes the beginning of a long prompt, whole characters only', () => {
    expect(composeReply('👋'.repeat(500), []).text).toContain(`“${'👋'.repeat(120)}…”`);
  });
});

describe('inChunks', () => {
  it('loses no byte and no citation of any answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (prompt, isAboutLisbon) => {
        const answer = composeReply(`${prompt}${isAboutLisbon ? ' Lisbon' : ''}`, []);

        const chunks = inChunks(answer);

        expect(Buffer.concat(chunks.map(({ bytes = Buffer.of() }) => bytes)).toString('utf8')).toBe(answer.text);
        expect(chunks.flatMap(({ citations = [] }) => citations)).toEqual(answer.citations);
        expect(chunks.every(({ bytes }) => bytes !== undefined && bytes.length > 0)).toBe(true);
      }),
    );
  });
});
