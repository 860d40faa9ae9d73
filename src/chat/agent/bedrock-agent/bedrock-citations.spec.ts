import { describe, expect, it } from '@jest/globals';
import type { RetrievedReference } from '@aws-sdk/client-bedrock-agent-runtime';
import { toCitations } from './bedrock-citations.js';

const cite = (...retrievedReferences: RetrievedReference[]) => toCitations({ citations: [{ retrievedReferences }] });

describe('toCitations', () => {
  it('has a citation for each reference, with the span that it supports', () => {
    const generatedResponsePart = { textResponsePart: { text: 'one', span: { start: 0, end: 3 } } };
    const references = [{ content: { text: 'A', type: undefined } }, { content: { text: 'B', type: undefined } }];
    const attribution = { citations: [{ generatedResponsePart, retrievedReferences: references }] };
    expect(toCitations(attribution)).toEqual([
      { snippet: 'A', start: 0, end: 3 },
      { snippet: 'B', start: 0, end: 3 },
    ]);
    expect(toCitations(undefined)).toEqual([]);
    expect(toCitations({ citations: [{}] })).toEqual([]);
  });

  it.each<[string, RetrievedReference['location'], object]>([
    ['S3', { type: 'S3', s3Location: { uri: 's3://b/a' } }, { uri: 's3://b/a' }],
    ['WEB', { type: 'WEB', webLocation: { url: 'https://w.example' } }, { uri: 'https://w.example' }],
    [
      'CONFLUENCE',
      { type: 'CONFLUENCE', confluenceLocation: { url: 'https://c.example' } },
      { uri: 'https://c.example' },
    ],
    [
      'SALESFORCE',
      { type: 'SALESFORCE', salesforceLocation: { url: 'https://s.example' } },
      { uri: 'https://s.example' },
    ],
    [
      'SHAREPOINT',
      { type: 'SHAREPOINT', sharePointLocation: { url: 'https://p.example' } },
      { uri: 'https://p.example' },
    ],
    ['ONEDRIVE', { type: undefined, oneDriveLocation: { url: 'https://o.example' } }, { uri: 'https://o.example' }],
    [
      'GOOGLEDRIVE',
      { type: undefined, googleDriveLocation: { url: 'https://g.example' } },
      { uri: 'https://g.example' },
    ],
    ['KENDRA', { type: 'KENDRA', kendraDocumentLocation: { uri: 'https://k.example' } }, { uri: 'https://k.example' }],
    ['CUSTOM', { type: 'CUSTOM', customDocumentLocation: { id: 'handbook-7' } }, { title: 'handbook-7' }],
    ['CUSTOM with an address', { type: 'CUSTOM', customDocumentLocation: { id: 's3://b/c' } }, { uri: 's3://b/c' }],
    ['CUSTOM with a secret', { type: 'CUSTOM', customDocumentLocation: { id: 'https://u:p@c.example' } }, {}],
    ['SQL', { type: 'SQL', sqlLocation: { query: 'SELECT name\nFROM hotels' } }, { title: 'SELECT name FROM hotels' }],
  ])('uses the location of the kind %s', (_, location, expected) => {
    const content = { type: undefined, text: 'x' };
    expect(cite({ content, location })).toEqual([{ ...expected, snippet: 'x' }]);
  });

  it.each<[string, RetrievedReference, object]>([
    ['a title', { metadata: { title: 'A' } }, { title: 'A' }],
    ['a title of Kendra', { metadata: { 'x-amz-kendra-document-title': 'K' } }, { title: 'K' }],
    ['an address', { metadata: { 'x-amz-bedrock-kb-source-uri': 's3://b/m' } }, { uri: 's3://b/m' }],
    [
      'the title before the id',
      { metadata: { title: 'A' }, location: { type: 'CUSTOM', customDocumentLocation: { id: 'i' } } },
      { title: 'A' },
    ],
    [
      'the address if the location has none that callers may see',
      {
        location: { type: 'WEB', webLocation: { url: 'javascript:alert(1)' } },
        metadata: { 'x-amz-bedrock-kb-source-uri': 'https://m.example' },
      },
      { uri: 'https://m.example' },
    ],
  ])('uses %s of the metadata', (_, reference, expected) => {
    expect(cite(reference)).toEqual([expected]);
  });

  it.each<[string, RetrievedReference['content'], object]>([
    ['a text', { type: 'TEXT', text: 'x' }, { snippet: 'x' }],
    [
      'a row',
      {
        type: 'ROW',
        row: [
          { columnName: 'name', columnValue: 'Alfama' },
          { columnName: 'stars', columnValue: '4' },
        ],
      },
      { snippet: 'name: Alfama, stars: 4' },
    ],
    [
      'a recording',
      { type: 'AUDIO', audio: { s3Uri: 's3://b/a.mp3', transcription: 'said' } },
      { uri: 's3://b/a.mp3', snippet: 'said' },
    ],
    [
      'a film',
      { type: 'VIDEO', video: { s3Uri: 's3://b/v.mp4', summary: 'seen' } },
      { uri: 's3://b/v.mp4', snippet: 'seen' },
    ],
  ])('uses the content of %s', (_, content, expected) => {
    expect(cite({ content })).toEqual([expected]);
  });

  it.each<RetrievedReference>([
    {},
    { content: { type: 'TEXT', text: '' }, location: { type: 'S3' }, metadata: {} },
    { location: { type: 'WEB', webLocation: { url: 'file:///etc/passwd' } } },
    { content: { type: 'IMAGE', byteContent: 'data:image/png;base64,AAAA' } },
    { metadata: { title: 5, 'x-amz-bedrock-kb-source-uri': ['s3://b/a'] } },
  ])('has none for a reference that names no source: %j', (reference) => {
    expect(cite(reference)).toEqual([]);
  });
});
