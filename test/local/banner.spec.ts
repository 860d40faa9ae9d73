import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { loadEnvironment } from '../../src/config/environment.js';
import { type BannerFacts, buildBanner, listOutgoing, toReachableUrl } from '../../src/local/banner.js';

const FACTS: BannerFacts = {
  agent: { name: 'classic', endpoint: undefined },
  url: 'http://x',
  tableName: 'chats',
  storage: 'here',
  token: 'a.b.c',
  outgoing: [],
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
    ['an emulated agent', undefined, undefined, 'emulated (harness); docs/agents.md'],
    ['a model here', 'http://localhost:11434/v1', 'small', 'small at http://localhost:11434 replies'],
    ['a model elsewhere', 'https://x.example/v1', undefined, 'the model at https://x.example'],
  ])('says which agent replies: %s', (_, address, model, agent) => {
    const endpoint = address === undefined ? undefined : { url: new URL(address), model, key: 'secret' };
    const text = buildBanner({ ...FACTS, agent: { name: 'harness', endpoint } });
    expect(text).toContain(agent);
    expect(text).not.toContain('secret');
  });

  it('promises that nothing leaves this machine only if that is so', () => {
    expect(buildBanner(FACTS)).toContain('(local mode: no AWS account, nothing leaves this machine)');
    const outgoing = ['chats go to db.example', 'keys come from id.example'];
    const text = buildBanner({ ...FACTS, outgoing });
    expect(text).toContain('(local mode: chats go to db.example, keys come from id.example)');
    expect(text).not.toMatch(/nothing leaves|no AWS account/);
  });

  it('has no command with a placeholder, even without a token', () => {
    const commands = buildCommands({ token: undefined });
    expect(commands).toHaveLength(4);
    expect(commands.join()).not.toMatch(/…|undefined|ID_TOKEN=/);
  });
});

describe('listOutgoing', () => {
  const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-signing-key-AbCdEf';
  const SECRET = { JWT_SECRET_KEY: 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa' };
  const ISSUER = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'app' };
  const list = ({ model, ...variables }: Record<string, string>) =>
    listOutgoing(
      loadEnvironment({ AGENT_ID: 'LOCALAGENT', AGENT_ALIAS_ID: 'LOCALALIAS', ...SECRET, ...variables }),
      variables,
      { name: 'classic', endpoint: model === undefined ? undefined : { url: new URL(model), model: '', key: '' } },
    );

  it.each<Record<string, string>>([
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8000', model: 'http://[::1]:11434/v1' },
    { AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb.localhost:8000', model: 'http://localhost:11434/v1' },
    { ...ISSUER, JWT_SECRET_KEY: '', JWT_JWKS_URI: 'http://localhost:8080/certs' },
    ISSUER,
    { HOST: 'localhost' },
    { HOST: '::1' },
  ])('is empty for parts on this machine: %j', (variables) => {
    expect(list(variables)).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['prompts go to models.example:8443', { model: 'https://models.example:8443/v1' }],
    ['prompts go to 192.168.1.20:11434', { model: 'http://192.168.1.20:11434/v1' }],
    ['prompts go to localhost.example', { model: 'http://localhost.example/v1' }],
    [
      'chats go to dynamodb.us-east-1.amazonaws.com',
      { AWS_ENDPOINT_URL_DYNAMODB: 'https://dynamodb.us-east-1.amazonaws.com' },
    ],
    ['chats go to dynamodb:8000', { AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb:8000' }],
    ['keys come from id.example', { ...ISSUER, JWT_SECRET_KEY: '' }],
    ['the secret comes from AWS Secrets Manager', { JWT_SECRET_KEY: '', JWT_SECRET_ARN: ARN }],
    [
      'the secret comes from vpce.example',
      { JWT_SECRET_KEY: '', JWT_SECRET_ARN: ARN, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'https://vpce.example' },
    ],
    ['other machines can call it', { HOST: '0.0.0.0' }],
    ['other machines can call it', { HOST: '::' }],
  ])('says that %s', (expected, variables) => {
    expect(list(variables)).toEqual([expected]);
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
