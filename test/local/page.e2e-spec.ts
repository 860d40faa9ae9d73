import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import supertest from 'supertest';
import { expectDescribedResponses } from '../support/openapi/response-listener.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startLocalServer, startServer } from '../support/spawned-server.js';

const FILES = readdirSync('page').filter((name) => /\.(js|css|svg)$/.test(name));
const NOT_FOUND = { error: 'Not found' };

const homes = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'page-')));
let parts: ServerParts;
/** In local mode; in local mode with a key of its own; in production; and there with PLAYGROUND. */
let local: ListeningServer;
let keyed: ListeningServer;
let closed: ListeningServer;
let open: ListeningServer;

beforeAll(async () => {
  parts = await startServerParts();
  [local, keyed, closed, open] = await Promise.all([
    startLocalServer(homes[0] ?? '', { LOCAL_AGENT: 'harness' }),
    startLocalServer(homes[1] ?? '', { JWT_SECRET_KEY: parts.variables['JWT_SECRET_KEY'] ?? '' }),
    startServer({ ...parts.variables, API_DOCS: 'true' }),
    startServer({ ...parts.variables, PLAYGROUND: 'true', BASE_PATH: '/api' }),
  ]);
  // openapi.json describes no page, and no page behind a base path can be known by its path.
  expectDescribedResponses(open.url)();
});
afterAll(async () => {
  await killServers();
  await parts.close();
  for (const home of homes) rmSync(home, { recursive: true });
});

const readSettings = async ({ url }: ListeningServer, headers: Record<string, string> = {}) => {
  const { body } = await supertest(url).get('/page/settings.json').set(headers).expect(200);
  return body as Readonly<Record<string, unknown>>;
};

describe('the page', () => {
  it('is at / in local mode and with PLAYGROUND, and the banner names it', async () => {
    for (const { url } of [local, open]) {
      const { text, headers } = await supertest(url).get('/').expect(200);
      expect(text).toBe(readFileSync('page/index.html', 'utf8'));
      expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    }
    expect(local.printed).toContain(`${local.url}/\n`);
  });

  it('may run its own scripts, and talk to its own origin', async () => {
    const { headers } = await supertest(open.url).get('/').expect(200);
    const policy = String(headers['content-security-policy']).split(';');
    expect(policy).toEqual(expect.arrayContaining([`default-src 'none'`, `script-src 'self'`, `connect-src 'self'`]));
    expect(policy).toEqual(expect.arrayContaining([`frame-ancestors 'none'`, `require-trusted-types-for 'script'`]));
    expect(policy.join()).not.toMatch(/unsafe|\*|https?:|data:/);
  });

  it.each(FILES)('has the file %s', async (name) => {
    const { text, body, headers } = await supertest(open.url).get(`/page/${name}`).expect(200);
    expect(text ?? String(body)).toBe(readFileSync(join('page', name), 'utf8'));
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['content-type']).toMatch(/^(text\/(javascript|css); charset=utf-8|image\/svg\+xml)$/);
  });

  it.each(['tsconfig.json', 'types.d.ts', 'index.html', '..%2fpackage.json', '%2e%2e%2fopenapi.json', 'constructor'])(
    'has no file %s',
    async (name) => {
      await supertest(open.url).get(`/page/${name}`).expect(404, NOT_FOUND);
    },
  );

  it.each(['/', '/page/main.js', '/page/settings.json'])('is not there without PLAYGROUND: %s', async (path) => {
    await supertest(closed.url).get(path).expect(404, NOT_FOUND);
  });

  it('finds its files behind a base path, with and without a slash', async () => {
    for (const path of ['/api', '/api/', '/api?x=/y/']) {
      const { text } = await supertest(open.url).get(path).expect(200);
      const files = [...text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(
        ([, file = '']) => new URL(file, open.url + path),
      );
      expect(files.map(({ pathname }) => pathname)).toContain('/api/page/main.js');
      for (const { pathname } of files) await supertest(open.url).get(pathname).expect(200);
    }
  });
});

describe('the settings of the page', () => {
  it('have the agent, its faults and a token of the user demo in local mode', async () => {
    const settings = await readSettings(local);
    expect(settings).toMatchObject({ agent: 'An emulated agent (harness)', prompt_max_length: 32_000 });
    expect(settings['faults']).toContainEqual({ name: expect.any(String), directive: '[[fault torn after=9]]' });
    await supertest(local.url).get('/chats').set('id_token', String(settings['token'])).expect(200);
    expect(jwt.decode(String(settings['token']))).toMatchObject({ sub: 'demo' });
  });

  it.each([
    { host: 'evil.example' },
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'x-forwarded-for': '10.0.0.7' },
  ])('have no token for others: %j', async (headers) => {
    expect(await readSettings(local, headers)).not.toHaveProperty('token');
  });

  it('have no token that a key of yours signs, and none outside of local mode', async () => {
    expect(await readSettings(keyed)).not.toHaveProperty('token');
    expect(await readSettings(open)).toEqual({
      agent: 'An agent of Amazon Bedrock',
      prompt_max_length: 32_000,
      suggestions: [],
      faults: [],
    });
  });
});
