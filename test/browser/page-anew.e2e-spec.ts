import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { mintToken } from '../../src/local/dev-token.js';
import { listTurns } from '../support/anew-page.js';
import { describeInBrowser, openPage, startBrowser } from '../support/browser.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readChat, type ShownChat } from '../support/chat-client.js';
import { readHeads } from '../support/chat-items.js';
import { type FrontendPage, serveFrontendPage } from '../support/frontend-page.js';
import { SECRET, tokenOf } from '../support/tokens.js';

/** The component of docs/frontends.md in Chromium: what its user asks anew, and what it says of answers and tokens. */
describeInBrowser('a page that asks anew', () => {
  let browser: Browser;
  let frontend: FrontendPage;
  let app: ChatApp;
  let page: Page;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    browser = await startBrowser();
    frontend = await serveFrontendPage('6');
    app = await startChatApp({ CORS_ORIGINS: `http://127.0.0.1:${frontend.port}` });
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([app.close(), frontend.close()]);
  });
  beforeEach(async () => {
    page = await openPage(browser);
    user = `editor-${(users += 1)}`;
  });
  afterEach(() => page.close());

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
  const untilReady = () => page.locator('input:enabled').waitFor();
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
    page.on('dialog', (dialog) => void dialog.accept('I am Bob'));
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
