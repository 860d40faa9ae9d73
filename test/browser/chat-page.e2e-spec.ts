import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { mintToken } from '../../src/local/dev-token.js';
import { listTurns } from '../support/anew-page.js';
import { describeInBrowser, openPage, startBrowser } from '../support/browser.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { askTurn, readChat, type ShownChat } from '../support/chat-client.js';
import { originalChat, putItem, readHeads } from '../support/chat-items.js';
import { type FrontendPage, serveFrontendPage } from '../support/frontend-page.js';
import { SECRET, tokenOf } from '../support/tokens.js';

/** The chats that `GET /chats` returns without a limit. */
const PAGE_SIZE = 20;

/** The page of docs/frontends.md in Chromium, with the service on another origin. */
describeInBrowser('a page of chats', () => {
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
    user = `reader-${(users += 1)}`;
  });

  const untilReady = () => page.locator('input:enabled').waitFor();

  describe('with a sidebar', () => {
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

  /** What its user asks anew, and what it says of answers and tokens. */
  describe('that asks anew', () => {
    const open = (query: Record<string, string> = {}) => {
      const variables = { api: app.url, token: tokenOf(user), ...query };
      return page.goto(`http://127.0.0.1:${frontend.port}/?${new URLSearchParams(variables).toString()}`);
    };
    const say = async (text: string) => {
      await page.locator('input').fill(text);
      await page.locator('input').press('Enter');
    };
    const answer = (number = 1) => page.locator('.assistant').nth(number - 1);
    const alert = () => page.getByRole('alert');
    /** The only chat that the user of the test has. */
    const onlyChat = async (): Promise<ShownChat> => {
      const [head] = await readHeads(app, user);
      return (await readChat(app.url, user, head?.id ?? '')).body.chat;
    };

    it('asks for a new token if its own has expired, and sends the prompt again with it', async () => {
      await open();
      await say('My name is Ada');
      await answer().waitFor();
      await untilReady();
      const show = (token: string) => page.evaluate(`show(${JSON.stringify(token)})`);
      await show(mintToken({ secret: SECRET, sub: user, expiresInSeconds: -60 }));
      await say('What did I say first?');
      await alert().getByText('Invalid id_token: token has expired').waitFor();
      expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Sign in again' }).click();
      expect(await page.evaluate('signIns')).toBe(1);
      await show(tokenOf(user));
      await answer(2).getByText('My name is Ada').waitFor();
      await untilReady();
      expect((await onlyChat()).messages).toHaveLength(4);
    });

    const acceptNext = (text: string) => page.once('dialog', (dialog) => void dialog.accept(text));
    const press = (place: Locator, name: string) => place.getByRole('button', { name }).click();
    /** Waits until the only chat of the user has these turns, and the page is ready again. */
    async function untilTurns(...expected: string[]): Promise<void> {
      const list = async () => {
        const [head] = await readHeads(app, user);
        return head ? listTurns(app.url, head.id, user) : [];
      };
      let turns = await list();
      for (let looks = 0; looks < 200 && turns.join() !== expected.join(); looks += 1) {
        await wait(25);
        turns = await list();
      }
      expect(turns).toEqual(expected);
      await untilReady();
    }

    it('edits a prompt and regenerates an answer, before and after a reload', async () => {
      acceptNext('I am Bob');
      await open();
      await say('I am Ada');
      await untilTurns('I am Ada 1');
      await say('Who am I?');
      await untilTurns('I am Ada 1', 'Who am I? 2');
      await press(page.locator('.user').first(), 'Edit');
      await untilTurns('I am Bob 3');
      await press(answer(), 'Regenerate');
      await untilTurns('I am Bob 4');
      await say('Who am I?');
      await untilTurns('I am Bob 4', 'Who am I? 5');

      await open({ chat: (await onlyChat()).id });
      await press(answer(2), 'Regenerate');
      await untilTurns('I am Bob 4', 'Who am I? 6');
      acceptNext('I am Bob');
      await press(page.locator('.user').nth(1), 'Edit');
      await untilTurns('I am Bob 4', 'I am Bob 7');
      const { messages } = await onlyChat();
      expect(await page.locator('article p').allTextContents()).toEqual(messages.map(({ content }) => content));
      expect(await alert().count()).toBe(0);
    });

    it('keeps paragraphs, and marks an answer that was stopped, also after a reload', async () => {
      await open();
      app.agent.enqueue({ type: 'chunks', chunks: ['One.\n\nTwo.'] });
      await say('Hello');
      await answer().getByText('Two.').waitFor();
      await untilReady();
      expect(await answer().locator('p').innerText()).toBe('One.\n\nTwo.');
      await say('Tell me [[fault silence after=2]]');
      await answer(2).getByText('You said').waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await untilReady();
      expect(await page.locator('small').allTextContents()).toEqual(['stopped']);
      await open({ chat: (await onlyChat()).id });
      await answer(2).locator('small').getByText('stopped').waitFor();
    });
  });
});
