import { describe, expect, it } from '@jest/globals';
import { toCitation } from './citation.js';

describe('toCitation', () => {
  it('has the first title, the first address that callers may see, and the text', () => {
    const source = { titles: [undefined, '', 5, 'A', 'B'], uris: [undefined, 'ftp://a', 's3://b/a', 'https://c'] };
    expect(toCitation({ ...source, text: 'one', start: 0, end: 3 })).toEqual({
      title: 'A',
      uri: 's3://b/a',
      snippet: 'one',
      start: 0,
      end: 3,
    });
  });

  it.each([
    [{}],
    [{ start: 0, end: 3 }],
    [{ titles: [' \u200B'], text: ' \n' }],
    [{ uris: ['javascript:alert(1)'] }],
    [{ titles: [undefined], uris: [undefined], text: '' }],
  ])('is none without a title, an address and a text: %j', (source) => {
    expect(toCitation({ ...source, start: 0 })).toBeUndefined();
  });

  it.each([
    'https://example.com',
    'HTTP://example.com/a?b=c#d',
    'https://example.com/@user',
    'https://example.com/?q=a@b.example',
    'https://example.com:8443/Köln/a b.pdf',
    'http://[::1]:3000/',
    's3://bucket/a folder/a file.pdf',
    's3://bucket/a@b.pdf',
    's3://arn:aws:s3:us-east-1:123456789012:accesspoint/ap/key',
  ])('passes the address %s on as it is', (uri) => {
    expect(toCitation({ uris: [uri] })).toEqual({ uri });
  });

  it.each([
    ['another scheme', 'javascript:alert(1)'],
    ['a scheme in parts', 'java\nscript:alert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['a file', 'file:///etc/passwd'],
    ['a bucket of another cloud', 'gs://bucket/key'],
    ['no scheme', '//example.com/'],
    ['a path', '/a/b'],
    ['no host', 'https://'],
    ['no bucket', 's3:///key'],
    ['a scheme without slashes', 'https:example.com'],
    ['a user', 'https://user@example.com/'],
    ['a password', 'https://user:pass@example.com/'],
    ['an empty user', 'https://@example.com/'],
    ['a user behind a backslash', 'https://example.com\\@evil.example/'],
    ['keys of an account', 's3://AKIAEXAMPLE:secret@bucket/key'],
    ['no valid host', 'https://exa%mple/'],
    ['a blank before it', ' https://example.com/'],
    ['a tab in it', 'https://example.com/\tjavascript'],
    ['a line break in it', 'https://exam\nple.com/'],
    ['a bidirectional control', 'https://example.com/\u202Efdp.exe'],
    ['a lone surrogate', 'https://example.com/\uD83D'],
    ['another type', 5],
  ])('leaves out an address with %s', (_, uri) => {
    expect(toCitation({ titles: ['A'], uris: [uri] })).toEqual({ title: 'A' });
  });

  it('does not repeat the address as the title', () => {
    expect(toCitation({ titles: ['https://a.example'], uris: ['https://a.example'] })).toEqual({
      uri: 'https://a.example',
    });
  });

  it('has a title without controls, in one line, of at most 200 characters', () => {
    expect(toCitation({ titles: ['\u202Ea\u2066 \n b\u200B'] })).toEqual({ title: 'a b' });
    const long = toCitation({ titles: ['🇩🇪'.repeat(100)] })?.title;
    expect(long).toBe(`${'🇩🇪'.repeat(49)}…`);
  });

  it.each([
    ['a surrogate pair', `${'a'.repeat(499)}😀 more`, 'a'.repeat(499)],
    ['a flag', `${'a'.repeat(498)}🇩🇪 more`, 'a'.repeat(498)],
    ['nothing', 'a'.repeat(501), 'a'.repeat(500)],
  ])('cuts a text at 500, and never inside %s', (_, text, snippet) => {
    expect(toCitation({ text })).toEqual({ snippet });
  });

  it('has well-formed texts', () => {
    expect(toCitation({ titles: ['a\uD83D'], text: '\uDE00b' })).toEqual({ title: 'a\uFFFD', snippet: '\uFFFDb' });
  });
});
