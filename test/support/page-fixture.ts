import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContext, Request } from 'playwright-core';
import { mintToken } from '../../src/local/dev-token.js';
import { openWindow, startBrowser } from './chromium.js';
import { PageDriver, type PageOptions } from './page-driver.js';
import { killServers, type ListeningServer, startLocalServer } from './spawned-server.js';

/** A reply of its own length at once, for histories. */
export const SHORT = '[[fault chunks bytes=300]]';

export interface OpenPageOptions extends Omit<PageOptions, 'token'> {
  /** By default the token of a user without chats; null for a tab without one. */
  readonly token?: string | null;
  /** The end of the address, which names a chat. */
  readonly hash?: string;
}

/** The service in local mode and a browser, for all tests of a file. Pages are closed behind each test. */
export interface PageFixture {
  createToken(sub: string, expiresInSeconds?: number): string;
  openPage(options?: OpenPageOptions): Promise<PageDriver>;
  openTab(driver: PageDriver): Promise<PageDriver>;
  /** Runs a turn outside of the page. @returns the id of its chat. */
  ask(token: string, prompt: string, chatId?: string): Promise<string>;
  /** Sends a request of the page once more, as if the first time had no response. @returns when it is over. */
  repeat(request: Request): Promise<void>;
  /** The prompts of a chat that are stored; none if there is no chat. */
  listPrompts(token: string, chatId: string): Promise<string[]>;
}

/** Call it inside a `describe`. */
export function usePage(): PageFixture {
  const home = mkdtempSync(join(tmpdir(), 'page-'));
  let browser: Browser;
  let window: BrowserContext;
  let server: ListeningServer;
  let drivers: PageDriver[] = [];
  let users = 0;

  beforeAll(async () => {
    [browser, server] = await Promise.all([
      // A process for each page takes half of the time.
      startBrowser('--process-per-site'),
      startLocalServer(home, {
        LOCAL_AGENT_PACE_MS: '15',
        TURNS_PER_MINUTE: '0',
        TURNS_AT_ONCE: '0',
        CHAT_HISTORY_LIMIT: '10',
      }),
    ]);
    // So do animations, without a screen.
    window = await openWindow(browser, { reducedMotion: 'reduce' });
    // Keeps the process between the tests.
    await (await window.newPage()).goto(`${server.url}/page/icon.svg`);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), killServers()]);
    rmSync(home, { recursive: true });
  });
  afterEach(async () => {
    const closing = drivers;
    drivers = [];
    for (const driver of closing) expect(await driver.close()).toEqual([]);
  });

  const createToken = (sub: string, expiresInSeconds = 3600) =>
    mintToken({ secret: readFileSync(join(home, 'dev-key'), 'utf8'), sub, expiresInSeconds });
  const keep = (driver: PageDriver) => {
    drivers.push(driver);
    return driver;
  };
  return {
    createToken,
    openPage: async ({ token = createToken(`person-${(users += 1)}`), hash = '', ...options } = {}) =>
      keep(await PageDriver.open(window, `${server.url}/${hash}`, { ...options, ...(token !== null && { token }) })),
    openTab: async (driver) => keep(await driver.openTab()),
    ask: async (token, prompt, chatId) => {
      const response = await fetch(`${server.url}/chat`, {
        method: 'POST',
        headers: { id_token: token, 'content-type': 'application/json' },
        body: JSON.stringify({ prompt, chat_id: chatId }),
      });
      return ((await response.json()) as { chat: { id: string } }).chat.id;
    },
    listPrompts: async (token, chatId) => {
      const response = await fetch(`${server.url}/chats/${encodeURIComponent(chatId)}`, {
        headers: { id_token: token },
      });
      const { chat } = (await response.json()) as { chat?: { messages: { role: string; content: string }[] } };
      return (chat?.messages ?? []).filter(({ role }) => role === 'user').map(({ content }) => content);
    },
    repeat: async (request) => {
      const response = await fetch(request.url(), {
        method: request.method(),
        headers: request.headers(),
        body: request.postData(),
      });
      await response.text();
    },
  };
}
