import { describe, expect, it } from '@jest/globals';
import { isLocalCaller, type PageRequest } from './local-caller.js';

const LOCAL = { host: '127.0.0.1:3000' };

function isLocal(headers: PageRequest['headers'], remoteAddress: string | undefined = '127.0.0.1'): boolean {
  return isLocalCaller({ headers, socket: { remoteAddress } });
}

describe('a caller of local mode', () => {
  it.each([
    ['127.0.0.1', LOCAL],
    ['127.9.9.9', { host: 'localhost:3000' }],
    ['::1', { host: '[::1]:3000' }],
    ['::1', { host: 'localhost' }],
    ['::ffff:127.0.0.1', { host: 'chat.localhost:3000' }],
    ['127.0.0.1', { ...LOCAL, 'sec-fetch-site': 'same-origin' }],
    ['127.0.0.1', { ...LOCAL, origin: 'http://127.0.0.1:3000' }],
  ])('is this machine: %s, %j', (address, headers) => {
    expect(isLocal(headers, address)).toBe(true);
  });

  it.each(['10.0.0.7', '172.17.0.1', '::ffff:10.0.0.7', 'fe80::1', '1.127.0.0.1', ''])(
    'is no other machine: %s',
    (address) => {
      expect(isLocal(LOCAL, address)).toBe(false);
    },
  );

  it.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost.evil.example:3000',
    '127.0.0.1:3000:80',
    'x@127.0.0.1',
    '[::1',
    '0.0.0.0:3000',
    '10.0.0.7:3000',
    '',
    undefined,
  ])('is no page whose name leads here: %s', (host) => {
    expect(isLocal({ host })).toBe(false);
  });

  it.each([
    { origin: 'http://127.0.0.1:5173' },
    { origin: 'https://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { forwarded: 'for=10.0.0.7' },
    { via: '1.1 tunnel' },
    { 'x-forwarded-for': '10.0.0.7' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-real-ip': '10.0.0.7' },
  ])('is no page of another origin, and nobody behind a proxy: %j', (headers) => {
    expect(isLocal({ ...LOCAL, ...headers })).toBe(false);
  });

  it('is known by its address', () => {
    expect(isLocalCaller({ headers: LOCAL, socket: {} })).toBe(false);
  });
});
