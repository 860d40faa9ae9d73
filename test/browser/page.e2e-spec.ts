import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { mintToken } from '../../src/local/dev-token.js';
import { describeInBrowser, startBrowser } from '../support/browser.js';
import { PageDriver } from '../support/page-driver.js';
import { killServers, type ListeningServer, startLocalServer } from '../support/spawned-server.js';

/** A reply of its own length at once, for histories. */
const SHORT = '[[fault chunks bytes=300]]';
/** Everything that a careless page would run or follow. */
const HOSTILE = [
  '<img src=x onerror="document.title=1"> <script>document.title=1</script>',
  '[a](javascript:document.title=1) [b](JaVaScRiPt:document.title=1) [c](data:text/html,x) ![d](https://evil.example/x.png)',
  '<https://evil.example> [e]( javascript:alert(1) "t") [[f](https://a.example)](javascript:1)',
  '**<b onclick=x>** `</code><script>1</script>` \u202Ertl\u202C </textarea></article>',
].join('\n\n');

/** The page of local mode in Chromium, as a person uses it. */
describeInBrowser('the page', () => {
  const home = mkdtempSync(join(tmpdir(), 'page-'));
  let browser: Browser;
  let server: ListeningServer;
  let open: PageDriver[] = [];
  let users = 0;

  beforeAll(async () => {
    [browser, server] = await Promise.all([
      startBrowser(),
      startLocalServer(home, {
        LOCAL_AGENT_PACE_MS: '15',
        TURNS_PER_MINUTE: '0',
        TURNS_AT_ONCE: '0',
        CHAT_HISTORY_LIMIT: '10',
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), killServers()]);
    rmSync(home, { recursive: true });
  });
  afterEach(async () => {
    const closing = open;
    open = [];
    for (const driver of closing) await driver.close();
  });

  const createToken = (sub: string, expiresInSeconds = 3600) =>
    mintToken({ secret: readFileSync(join(home, 'dev-key'), 'utf8'), sub, expiresInSeconds });

  /** Opens the page as a user without chats. */
  async function openPage(
    options: BrowserContextOptions & { token?: string; hash?: string } = {},
  ): Promise<PageDriver> {
    const { token = createToken(`person-${(users += 1)}`), hash = '', ...context } = options;
    const driver = await PageDriver.open(browser, `${server.url}/${hash}`, { token, ...context });
    open.push(driver);
    return driver;
  }

  /** Runs a turn outside of the page. @returns the id of its chat. */
  async function ask(token: string, prompt: string, chatId?: string): Promise<string> {
    const response = await fetch(`${server.url}/chat`, {
      method: 'POST',
      headers: { id_token: token, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, chat_id: chatId }),
    });
    return ((await response.json()) as { chat: { id: string } }).chat.id;
  }

  it('takes the token of local mode, and says which agent replies', async () => {
    const driver = await PageDriver.open(browser, server.url);
    open.push(driver);
    await driver.page.locator('#user', { hasText: 'demo' }).waitFor();
    await driver.page.getByText('An emulated agent (classic)').waitFor();
    expect(await driver.page.evaluate('document.activeElement.id')).toBe('prompt');
  });

  it('shows a reply while it comes, with its source, and keeps the chat in the list and the address', async () => {
    const driver = await openPage();
    await driver.press('Plan a weekend in Lisbon');
    const lengths = new Set<number>();
    const isBusy = () => driver.page.locator('#send[title=Stop]').isVisible();
    while ((await isBusy()) || lengths.size === 0) {
      lengths.add((await driver.replies.textContent())?.length ?? 0);
    }
    expect([...lengths].toSorted((a, b) => a - b)).toEqual([...lengths]);
    expect(lengths.size).toBeGreaterThan(5);
    expect(await driver.titles.allTextContents()).toEqual(['Plan a weekend in Lisbon']);
    const link = driver.page.getByRole('link', { name: 'Lisbon in two days' });
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    await driver.page.getByText('The answer is complete').waitFor({ state: 'attached' });
    await driver.press('Source 1: Lisbon in two days');
    expect(await link.evaluate((element) => element.matches(':focus'))).toBe(true);

    await driver.page.reload();
    await driver.replies.getByText('You said “Plan a weekend in Lisbon”').waitFor();
    expect(await driver.page.locator('.bubble').allTextContents()).toEqual(['Plan a weekend in Lisbon']);
  });

  it('pages the list, renames and deletes', async () => {
    const token = createToken('lister');
    for (let number = 1; number <= 32; number += 1) await ask(token, `Chat ${number} ${SHORT}`);
    const driver = await openPage({ token });
    await driver.titles.nth(29).hover();
    await driver.page.mouse.wheel(0, 5000);
    await driver.titles.nth(31).waitFor();
    const titles = await driver.titles.allTextContents();
    expect(titles.map((title) => /\d+/.exec(title)?.[0])).toEqual(Array.from({ length: 32 }, (_, i) => String(32 - i)));

    await driver.titles.first().click();
    await driver.press('Rename');
    await driver.page.getByLabel('Title of the chat').fill('A better name');
    await driver.page.getByLabel('Title of the chat').press('Enter');
    await driver.titles.getByText('A better name').waitFor();

    await driver.press('Delete');
    await driver.press('Keep it');
    await driver.page.locator('#delete').click();
    await driver.page.locator('#delete-confirm').click();
    await driver.page.getByText('What would you like to know?').waitFor();
    expect(await driver.titles.count()).toBe(31);
    expect(await driver.titles.getByText('A better name').count()).toBe(0);
  });

  it('shows older messages above, and stays where one reads', async () => {
    const token = createToken('historian');
    const id = await ask(token, `Turn 1 ${SHORT}`);
    for (let turn = 2; turn <= 24; turn += 1) await ask(token, `Turn ${turn} ${SHORT}`, id);
    const driver = await openPage({ token, hash: `#${id}`, viewport: { width: 768, height: 700 } });
    const find = (turn: number) => driver.page.locator('.bubble', { hasText: new RegExp(`^Turn ${turn} `) });
    await find(24).waitFor();
    await driver.page.locator('#scroller').hover();
    await driver.page.mouse.wheel(0, -400);
    await find(1).waitFor({ state: 'attached' });
    const seen = await find(22).boundingBox();
    expect(seen?.y).toBeGreaterThan(-700);
    while (((await find(1).boundingBox())?.y ?? 0) < 0) await driver.page.mouse.wheel(0, -2000);
    expect(await driver.page.locator('.bubble').count()).toBe(24);
  });

  it('makes nothing of hostile text', async () => {
    const driver = await openPage();
    const parts = [
      { type: 'start', messageId: 'c:1', messageMetadata: { user_message_id: 'c:1:user' } },
      { type: 'text-delta', id: 'answer', delta: HOSTILE },
      { type: 'source-url', sourceId: '1', url: 'javascript:document.title=1', title: HOSTILE },
      {
        type: 'source-document',
        title: '<i>',
        providerMetadata: { citation: { uri: 'data:text/html,x', snippet: HOSTILE, end: 9 } },
      },
      { type: 'finish', finishReason: 'stop' },
    ];
    const body = [...parts.map((part) => JSON.stringify(part)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
    await driver.forge('**/chat/stream', 'text/event-stream', body);
    const chats = [{ id: 'x', title: HOSTILE, updated_at: '2026-01-01T00:00:00.000Z' }];
    await driver.forge('**/chats?*', 'application/json', JSON.stringify({ chats }));
    await driver.page.reload();
    await driver.ask(HOSTILE);
    expect(await driver.replies.textContent()).toContain('<script>document.title=1</script>');
    expect(await driver.page.locator('main img, main script, main b, iframe').count()).toBe(0);
    const links = driver.page.locator('main a');
    const targets = await links.evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    expect(new Set(targets)).toEqual(
      new Set(['https://evil.example/x.png', 'https://evil.example/', 'https://a.example/']),
    );
    expect(await driver.page.title()).toBe('New chat');
    await driver.page.locator('#chats a').click();
    expect(driver.page.url()).toContain('#x');
  });

  it('asks for another token when one has expired, and loses nothing', async () => {
    const driver = await openPage({ token: createToken('late', -60) });
    const dialog = driver.page.locator('#token-dialog[open]');
    await dialog.getByText('Your token has expired').waitFor();
    await driver.page.keyboard.press('Escape');
    await driver.say('Plan a weekend in Lisbon');
    await dialog.waitFor();
    await driver.page.keyboard.press('Escape');
    await driver.notices.getByText('Not sent: Invalid id_token: token has expired').waitFor();
    await driver.press('Try again');
    // The service on this machine has signed one.
    await dialog.getByText('This one is signed for you').waitFor();
    await driver.press('Continue');
    await driver.replies.getByText('Alfama').waitFor();
    await driver.untilReady();
    expect(await driver.notices.count()).toBe(0);
    expect(await driver.page.locator('.bubble').count()).toBe(1);
    expect(await driver.page.evaluate('Object.keys(localStorage).length + document.cookie.length')).toBe(0);
  });

  it('sends a prompt again with its key after a lost connection', async () => {
    const driver = await openPage();
    const keys: (string | undefined)[] = [];
    driver.page.on('request', (request) => {
      if (request.method() === 'POST') keys.push(request.headers()['idempotency-key']);
    });
    await driver.page.route('**/chat/stream', (route) => route.abort());
    driver.allow(/ERR_FAILED/);
    await driver.ask('Plan a weekend in Lisbon');
    await driver.notices.getByText('The service cannot be reached').waitFor();
    await driver.page.unroute('**/chat/stream');
    await driver.press('Edit');
    expect(await driver.prompt.inputValue()).toBe('Plan a weekend in Lisbon');
    await driver.page.route('**/chat/stream', (route) => route.abort(), { times: 1 });
    await driver.prompt.press('Enter');
    await driver.press('Try again');
    await driver.replies.getByText('Alfama').waitFor();
    await driver.untilReady();
    const [first, second, third] = keys;
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect([second === first, third === second]).toEqual([false, true]);
  });

  it('makes the agent fail on demand, says what is kept, and goes on', async () => {
    const driver = await openPage();
    await driver.press('Watch it fail');
    await driver.press('Fail before the first word');
    await driver.prompt.press('Enter');
    await driver.notices.getByText('The agent failed').waitFor();
    await driver.notices.getByText('Your message is kept.').waitFor();
    // A new session of the agent begins, which has the same fault.
    await driver.press('Try again');
    await driver.notices.nth(1).waitFor();
    await driver.ask('Plan a weekend in Lisbon');
    await driver.replies.getByText('Alfama').waitFor();
    expect(await driver.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await driver.ask('And in winter? [[fault torn after=9]]');
    await driver.notices.getByText('The text above came before, and is kept.').waitFor();
    await driver.page.reload();
    await driver.notices.getByText('The answer is not complete').waitFor();
    expect(await driver.page.getByRole('button', { name: 'Try again' }).count()).toBe(1);
  });

  it.each([
    { width: 360, height: 740, colorScheme: 'dark' },
    { width: 768, height: 900, colorScheme: 'light' },
    { width: 1440, height: 900, colorScheme: 'dark' },
  ] as const)('fits a window of $width, in every state', async ({ colorScheme, ...viewport }) => {
    const driver = await openPage({ viewport, colorScheme, reducedMotion: 'reduce' });
    const found: string[] = [];
    const look = async (state: string) => {
      for (const overflow of await driver.listOverflows()) found.push(`${state}: ${overflow}`);
    };
    await look('empty');
    await driver.say(`${'A-very-long-word'.repeat(20)} and خطة [[fault reply pace=40]]`);
    await driver.page.locator('[data-phase=streaming]').waitFor();
    await look('streaming');
    await driver.untilReady();
    await driver.ask('Plan a weekend in Lisbon');
    await look('with sources');
    await driver.ask('And in winter? [[fault torn after=9]]');
    await driver.ask('And then? [[fault http-error]]');
    await look('failed');
    await driver.press('Watch it fail');
    await look('the faults');
    await driver.page.keyboard.press('Escape');
    await driver.press('Edit');
    await look('an edit');
    await driver.page.keyboard.press('Escape');
    await driver.press('Delete');
    await look('a question');
    await driver.press('Keep it');
    if (viewport.width < 800) {
      await driver.press('Chats');
      await driver.titles.last().waitFor();
      await look('the list');
      await driver.page.keyboard.press('Escape');
      await driver.titles.last().waitFor({ state: 'hidden' });
    }
    expect(found).toEqual([]);
  });

  it('moves nothing while a reply comes and one reads further up', async () => {
    const driver = await openPage({ viewport: { width: 768, height: 600 } });
    await driver.ask('A story [[fault chunks bytes=9000]]');
    await driver.say('Another one [[fault chunks bytes=200000 pause=60]]');
    await driver.page.locator('[data-phase=streaming]').waitFor();
    await driver.page.locator('#scroller').hover();
    await driver.page.mouse.wheel(0, -1500);
    await driver.page.getByRole('button', { name: 'To the end' }).waitFor();
    const endWatch = await driver.watchPlace('.message');
    await driver.untilReady();
    expect(await endWatch()).toHaveLength(1);
    await driver.press('To the end');
    await driver.page.locator('#to-end').waitFor({ state: 'hidden' });
  });

  it('stops a reply, and keeps what was there', async () => {
    const driver = await openPage();
    await driver.say('Plan a weekend [[fault silence after=9]]');
    await driver.replies.getByText('You said').waitFor();
    await driver.press('Stop');
    await driver.notices.getByText('Stopped').waitFor();
    await driver.untilReady();
    const text = await driver.replies.textContent();
    await driver.page.reload();
    await driver.notices.getByText('Stopped').waitFor();
    expect(await driver.replies.textContent()).toBe(text);
  });

  it('stops the first reply of a chat before its first word', async () => {
    const driver = await openPage();
    await driver.say('Plan a weekend [[fault delay ms=3000]]');
    await driver.press('Stop');
    await driver.notices.getByText('Stopped').waitFor();
    await driver.untilReady();
  });

  it('follows a running reply after a reload, and in a second tab', async () => {
    const driver = await openPage();
    await driver.say('Plan a weekend in Lisbon [[fault reply pace=100]]');
    await driver.replies.getByText('You said').waitFor();
    const tab = await driver.openTab();
    open.unshift(tab);
    await driver.page.reload();
    for (const each of [driver, tab]) {
      await each.page.locator('[data-phase=streaming]').waitFor();
      expect(await each.replies.count()).toBe(1);
    }
    await Promise.all([driver.untilReady(), tab.untilReady()]);
    for (const each of [driver, tab]) await each.replies.getByText('This is turn 1').waitFor();

    await tab.say('And in winter? [[fault reply pace=60]]');
    await driver.page.locator('[data-phase=streaming]').waitFor();
    await driver.replies.nth(1).getByText('This is turn 2').waitFor();
    await Promise.all([driver.untilReady(), tab.untilReady()]);
    expect(await driver.page.locator('.bubble').allTextContents()).toEqual(
      await tab.page.locator('.bubble').allTextContents(),
    );
  });
});
