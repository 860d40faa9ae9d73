import type { CitationsDelta } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import { toConverseCitation } from './converse-citations.js';

describe('toConverseCitation', () => {
  it('takes the title, the address and the text of a source', () => {
    const location = { web: { url: 'https://example.com/a' } };
    const sourceContent = [{ text: 'one ' }, { text: 'two' }];
    expect(toConverseCitation({ title: 'A', source: 's3://b/a', sourceContent, location })).toEqual({
      title: 'A',
      uri: 'https://example.com/a',
      snippet: 'one two',
    });
  });

  it.each([
    ['s3://b/a', { uri: 's3://b/a' }],
    ['javascript:alert(1)', undefined],
    ['a document', { title: 'a document' }],
    ['https://user:pass@a.example/', undefined],
  ])('takes a source as the address, or as the title if it is a name: %s', (source, expected) => {
    expect(toConverseCitation({ source, location: { documentPage: { start: 1 } } })).toEqual(expected);
  });

  it.each<CitationsDelta>([
    { location: { documentChar: { documentIndex: 0, start: 1, end: 2 } } },
    { location: { documentPage: { documentIndex: 0, start: 1, end: 2 } } },
    { location: { documentChunk: { documentIndex: 0, start: 1, end: 2 } } },
    { location: { searchResultLocation: { searchResultIndex: 0, start: 1, end: 2 } } },
    { sourceContent: [{ text: '' }], title: '' },
  ])('has none that names no source: %j', (delta) => {
    expect(toConverseCitation(delta)).toBeUndefined();
  });

  it('cuts a long text, but no character', () => {
    const sourceContent = [{ text: 'x'.repeat(499) }, { text: '😀' }];
    expect(toConverseCitation({ sourceContent })?.snippet).toBe('x'.repeat(499));
  });
});
