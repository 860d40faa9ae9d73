import { describe, expect, it } from '@jest/globals';
import { toSourcePart } from './ui-message-parts.js';

describe('toSourcePart', () => {
  it.each([
    [{ uri: 'https://example.com/a' }, { type: 'source-url', url: 'https://example.com/a' }],
    [{ uri: 'HTTP://example.com/' }, { type: 'source-url', url: 'HTTP://example.com/' }],
    [
      { uri: 's3://bucket/guides/Refunds.PDF', title: 'Refunds' },
      { type: 'source-document', mediaType: 'application/pdf', title: 'Refunds', filename: 'Refunds.PDF' },
    ],
    [
      { uri: 's3://bucket/plain' },
      { type: 'source-document', mediaType: 'application/octet-stream', title: 'plain', filename: 'plain' },
    ],
    // A browser would run this URL as a script.
    [
      { uri: 'javascript:alert(1)', title: 'x' },
      { type: 'source-document', title: 'x' },
    ],
    [{ snippet: 'some words' }, { type: 'source-document', title: 'Source 3', mediaType: 'application/octet-stream' }],
  ])('turns %o into %o', (citation, part) => {
    expect(toSourcePart(citation, 3)).toMatchObject({ ...part, sourceId: 'source-3' });
  });

  it('keeps the fields that the protocol does not have as metadata', () => {
    const place = { uri: 'https://example.com', snippet: 'words', start: 3, end: 9 };
    expect(toSourcePart({ title: 'Example', ...place }, 1)).toEqual({
      type: 'source-url',
      sourceId: 'source-1',
      url: 'https://example.com',
      title: 'Example',
      providerMetadata: { citation: place },
    });
  });
});
