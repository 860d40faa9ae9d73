import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { describeInBrowser } from '../support/browser.js';
import { openPage, startBrowser } from '../support/chromium.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startLocalServer, startServer } from '../support/spawned-server.js';

const home = mkdtempSync(join(tmpdir(), 'api-docs-'));
let parts: ServerParts;
/** In local mode; in production; and there with API_DOCS. */
let local: ListeningServer;
let closed: ListeningServer;
let open: ListeningServer;

beforeAll(async () => {
  parts = await startServerParts();
  [local, closed, open] = await Promise.all([
    startLocalServer(home, { LOCAL_AGENT_PACE_MS: '0' }),
    startServer(parts.variables),
    startServer({ ...parts.variables, API_DOCS: 'true' }),
  ]);
});
afterAll(async () => {
  await killServers();
  await parts.close();
  rmSync(home, { recursive: true });
});

describe('the description of the API', () => {
  it('is openapi.json, in local mode and with API_DOCS', async () => {
    for (const { url } of [local, open]) {
      const { text, headers } = await supertest(url).get('/openapi.json').expect(200);
      expect(text).toBe(readFileSync('openapi.json', 'utf8'));
      expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    }
  });

  it.each(['/docs', '/docs/'])('has a page at %s, whose files are beside it', async (path) => {
    for (const { url } of [local, open]) {
      const { text, headers } = await supertest(url).get(path).expect(200);
      expect(headers['content-security-policy']).toContain(`default-src 'none'`);
      const files = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file = '']) => new URL(file, url + path));
      expect(files.map(({ pathname }) => pathname)).toEqual([
        '/docs/swagger-ui.css',
        '/docs/favicon-32x32.png',
        '/docs/swagger-ui-bundle.js',
        '/docs/page.js',
      ]);
      for (const { pathname } of files) await supertest(url).get(pathname).expect(200);
    }
  });

  it('is named by the banner', () => {
    expect(local.printed).toContain(`${local.url}/docs\n`);
  });

  it.each(['/docs', '/openapi.json', '/docs/page.js'])('is not there without API_DOCS: %s', async (path) => {
    await supertest(closed.url).get(path).expect(404, { error: 'Not found' });
  });

  it('has no other files', async () => {
    for (const path of ['/docs/package.json', '/docs/..%2fpackage.json', '/docs/index.html']) {
      await supertest(open.url).get(path).expect(404, { error: 'Not found' });
    }
  });
});

describeInBrowser('the page in a browser', () => {
  it('shows every route, sends a request with a token, and asks nobody else', async () => {
    const browser = await startBrowser();
    const page = await openPage(browser);
    const asked = new Set<string>();
    const complaints: string[] = [];
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));

    await page.goto(`${local.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: Record<string, object> };
    const routes = Object.values(document.paths).flatMap((item) => Object.keys(item));
    expect(await page.locator('.opblock').count()).toBe(routes.length);

    const [, token = ''] = /export ID_TOKEN=(\S+)/.exec(local.printed) ?? [];
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const login = page.locator('.auth-container').first();
    await login.locator('input').fill(token);
    await login.getByRole('button', { name: 'Apply credentials' }).click();
    await login.getByRole('button', { name: 'Close' }).click();
    const operation = page.locator('#operations-Turns-createReply');
    await operation.click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.locator('textarea').fill('{"prompt":"Plan a weekend in Lisbon"}');
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();

    expect([...asked].filter((origin) => origin !== local.url && origin !== 'null')).toEqual([]);
    expect(complaints).toEqual([]);
    await browser.close();
  });
});
