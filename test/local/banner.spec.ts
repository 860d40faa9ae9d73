import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type BannerFacts, buildBanner, toReachableUrl } from '../../src/local/banner.js';

/** The lines to paste into a shell. */
function buildCommands(facts: Partial<BannerFacts>): string[] {
  const text = buildBanner({ url: 'http://x', tableName: 'chats', storage: 'here', token: 'a.b.c', ...facts });
  return text.split('\n').filter((line) => /^ {4}(export|curl) /.test(line));
}

describe('buildBanner', () => {
  it('prints commands that work as printed', async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      const pieces: string[] = [];
      request.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers['id_token'], pieces.join('')]);
        response.end(JSON.stringify({ response: 'Hi', chat: { id: 'c-1' } }));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = toReachableUrl('127.0.0.1', (server.address() as AddressInfo).port);

    await promisify(execFile)('sh', ['-ec', buildCommands({ url }).join('\n')]);
    server.close();

    const lisbon = '{"prompt":"Plan a weekend in Lisbon"}';
    expect(seen).toEqual([
      ['POST', '/chat', 'a.b.c', lisbon],
      ['POST', '/chat', 'a.b.c', lisbon],
      ['POST', '/chat', 'a.b.c', '{"prompt":"What did I ask you first?","chat_id":"c-1"}'],
      ['GET', '/chats/c-1', 'a.b.c', ''],
    ]);
  });

  it('names the table and its place', () => {
    const facts = { url: 'http://x', tableName: 'chats', storage: '.data/dynamodb', token: undefined };
    expect(buildBanner(facts)).toContain('chats in .data/dynamodb');
  });

  it('has no command with a placeholder, even without a token', () => {
    const commands = buildCommands({ token: undefined });
    expect(commands).toHaveLength(4);
    expect(commands.join()).not.toMatch(/…|undefined|ID_TOKEN=/);
  });
});

describe('toReachableUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://127.0.0.1:80'],
    ['::', 'http://[::1]:80'],
    ['localhost', 'http://localhost:80'],
  ])('reaches %s by %s', (host, expected) => {
    expect(toReachableUrl(host, 80)).toBe(expected);
  });
});
