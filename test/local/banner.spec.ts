import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { banner, reachableUrl } from '../../src/local/banner.js';

describe('banner', () => {
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
    const url = reachableUrl('127.0.0.1', (server.address() as AddressInfo).port);

    const text = banner({ url, tableName: 'chats', storage: '.data/dynamodb', token: 'a.b.c' });
    const commands = text.split('\n').filter((line) => /^ {4}(export|curl) /.test(line));
    await promisify(execFile)('sh', ['-ec', commands.join('\n')]);
    server.close();

    const lisbon = '{"prompt":"Plan a weekend in Lisbon"}';
    expect(seen).toEqual([
      ['POST', '/chat', 'a.b.c', lisbon],
      ['POST', '/chat', 'a.b.c', lisbon],
      ['POST', '/chat', 'a.b.c', '{"prompt":"What did I ask you first?","chat_id":"c-1"}'],
      ['GET', '/chats/c-1', 'a.b.c', ''],
    ]);
    expect(text).toContain('chats in .data/dynamodb');
  });
});

describe('reachableUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://127.0.0.1:80'],
    ['::', 'http://[::1]:80'],
    ['localhost', 'http://localhost:80'],
  ])('calls %s as %s', (host, expected) => {
    expect(reachableUrl(host, 80)).toBe(expected);
  });
});
