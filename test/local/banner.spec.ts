import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type BannerFacts, buildBanner, toReachableUrl } from '../../src/local/banner.js';

const FACTS: BannerFacts = {
  agent: { name: 'classic', endpoint: undefined },
  url: 'http://x',
  tableName: 'chats',
  storage: 'here',
  token: 'a.b.c',
};

/** The lines to paste into a shell. */
function buildCommands(facts: Partial<BannerFacts>): string[] {
  const text = buildBanner({ ...FACTS, ...facts });
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
    expect(buildBanner({ ...FACTS, storage: '.data/dynamodb' })).toContain('chats in .data/dynamodb');
  });

  it.each([
    ['an emulated agent', undefined, undefined, 'emulated (harness); docs/agents.md', 'nothing leaves this machine'],
    ['a model here', 'http://localhost:11434/v1', 'small', 'small at http://localhost:11434 replies', 'nothing leaves'],
    [
      'a model elsewhere',
      'https://x.example/v1',
      undefined,
      'the model at https://x.example',
      'prompts go to x.example',
    ],
  ])('says which agent replies, and where the prompts go: %s', (_, address, model, agent, privacy) => {
    const endpoint = address === undefined ? undefined : { url: new URL(address), model, key: 'secret' };
    const text = buildBanner({ ...FACTS, agent: { name: 'harness', endpoint } });
    expect(text).toContain(agent);
    expect(text).toContain(privacy);
    expect(text).not.toContain('secret');
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
