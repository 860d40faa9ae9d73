import { describe, expect, it } from '@jest/globals';
import { toCitation } from './converse-citations.js';

describe('toCitation', () => {
  it('takes the title, the address and the text of a source', () => {
    const location = { web: { url: 'https://example.com/a' } };
    const sourceContent = [{ text: 'one ' }, { text: 'two' }];
    expect(toCitation({ title: 'A', source: 's3://b/a', sourceContent, location })).toEqual({
      title: 'A',
      uri: 'https://example.com/a',
      snippet: 'one two',
    });
  });

  it.each([
    ['s3://b/a', { uri: 's3://b/a' }],
    ['javascript:alert(1)', undefined],
    ['a document', undefined],
  ])('takes a source as the address only if callers may see it: %s', (source, expected) => {
    expect(toCitation({ source, location: { documentPage: { start: 1 } } })).toEqual(expected);
  });

  it('cuts a long text', () => {
    expect(toCitation({ sourceContent: [{ text: 'x'.repeat(501) }] })?.snippet).toHaveLength(500);
  });
});
