import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeInBrowser, openPage, startBrowser } from '../support/browser.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { askTurn, readChat } from '../support/chat-client.js';
import { originalChat, putItem } from '../support/chat-items.js';
import { type FrontendPage, serveFrontendPage } from '../support/frontend-page.js';
import { tokenOf } from '../support/tokens.js';

/** The chats that `GET /chats` returns without a limit. */
const PAGE_SIZE = 20;

/** The sidebar of docs/frontends.md in Chromium, with the service on another origin. */
describeInBrowser('a page with a sidebar of chats', () => {
  let browser: Browser;
  let frontend: FrontendPage;
  let app: ChatApp;
  let page: Page;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    browser = await startBrowser();
    page = await openPage(browser);
    frontend = await serveFrontendPage('6');
    app = await startChatApp({ CORS_ORIGINS: `http://127.0.0.1:${frontend.port}` });
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([app.close(), frontend.close()]);
  });
  beforeEach(() => {
    user = `owner-${(users += 1)}`;
  });

  const open = () =>
    page.goto(
      `http://127.0.0.1:${frontend.port}/?${new URLSearchParams({ api: app.url, token: tokenOf(user), sidebar: 'yes' }).toString()}`,
    );
  const ask = async (prompt: string, chatId?: string) =>
    (await askTurn(app.url, user, { prompt, chat_id: chatId })).body.chat.id;
  const entry = (title: string): Locator =>
    page.locator('nav div').filter({ has: page.getByRole('button', { name: title, exact: true }) });
  const press = (title: string, name: string) => entry(title).getByRole('button', { name, exact: true }).click();
  const listTitles = () => page.locator('nav div button:first-child').allTextContents();
  const untilReady = () => page.locator('input:enabled').waitFor();

  it('lists the chats page by page, newest first', async () => {
    const titles = Array.from({ length: PAGE_SIZE + 5 }, (_, index) => `Chat ${index + 1}`);
    for (const [hour, title] of titles.entries()) {
      const updated_at = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
      await putItem(app, { ...originalChat(`${user}-${hour}`, []), user_id: user, title, updated_at });
    }
    await open();
    await entry('Chat 25').waitFor();
    expect(await listTitles()).toEqual(titles.toReversed().slice(0, PAGE_SIZE));
    await page.getByRole('button', { name: 'More' }).click();
    await entry('Chat 1').waitFor();
    expect(await listTitles()).toEqual(titles.toReversed());
    expect(await page.getByRole('button', { name: 'More' }).count()).toBe(0);
  });

  it('opens a chat, and goes on with it', async () => {
    const id = await ask('My name is Ada');
    await ask('Another chat');
    await open();
    await press('My name is Ada', 'My name is Ada');
    await page.locator('.user').getByText('My name is Ada').waitFor();
    await page.locator('input').fill('What did I say first?');
    await page.locator('input').press('Enter');
    await page.locator('.assistant').nth(1).getByText('My name is Ada').waitFor();
    await untilReady();
    expect((await readChat(app.url, user, id)).body.chat.messages).toHaveLength(4);
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.locator('.user').first().waitFor({ state: 'detached' });
  });

  it('shows a new chat once its first turn has ended', async () => {
    await open();
    await page.locator('input').fill('Plan a weekend in Lisbon');
    await page.locator('input').press('Enter');
    await entry('Plan a weekend in Lisbon').waitFor();
  });

  it('closes a new chat that is deleted, so the next prompt begins another', async () => {
    await open();
    for (const prompt of ['First words', 'Second words']) {
      await page.locator('input').fill(prompt);
      await page.locator('input').press('Enter');
      await entry(prompt).waitFor();
      await press(prompt, 'Delete');
      await page.locator('.user').waitFor({ state: 'detached' });
    }
    expect(await listTitles()).toEqual([]);
  });

  it('renames a chat, and deletes it', async () => {
    const id = await ask('First words');
    await ask('Another chat');
    await open();
    await entry('First words').waitFor();
    page.once('dialog', (dialog) => void dialog.accept('A better title'));
    await press('First words', 'Rename');
    await entry('A better title').waitFor();
    expect((await readChat(app.url, user, id)).body.chat).toMatchObject({ title: 'A better title' });
    await press('A better title', 'Delete');
    await entry('A better title').waitFor({ state: 'detached' });
    expect((await readChat(app.url, user, id)).status).toBe(404);
    expect(await listTitles()).toEqual(['Another chat']);
  });

  it('shows why a change is refused', async () => {
    await ask('First words');
    await open();
    await entry('First words').waitFor();
    page.once('dialog', (dialog) => void dialog.accept(' '));
    await press('First words', 'Rename');
    await page.getByRole('alert').getByText(`Field 'title' is required`).waitFor();
    expect(await listTitles()).toEqual(['First words']);
  });
});
