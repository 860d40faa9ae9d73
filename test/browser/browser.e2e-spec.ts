import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, openPage, startBrowser } from '../support/browser.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readChat, type ShownChat } from '../support/chat-client.js';
import { readHeads } from '../support/chat-items.js';
import { frontendSnippet } from '../support/docs-snippet.js';
import { type FrontendPage, PAGE_SDKS, serveFrontendPage } from '../support/frontend-page.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { tokenOf } from '../support/tokens.js';

type Sdk = keyof typeof PAGE_SDKS;
const SDKS = Object.keys(PAGE_SDKS) as Sdk[];

/** The component of docs/frontends.md in Chromium, with the service on another origin. */
describeInBrowser('a page of another origin', () => {
  let browser: Browser;
  let frontends: FrontendPage[];
  const origins: Record<string, string> = {};
  let app: ChatApp;
  let stepped: SteppedAgent;
  let steppedApp: ChatApp;
  let page: Page;
  let sdk: Sdk = '6';
  let user: string;
  let users = 0;

  beforeAll(async () => {
    browser = await startBrowser();
    page = await openPage(browser);
    frontends = await Promise.all(SDKS.map(serveFrontendPage));
    for (const [index, { port }] of frontends.entries()) origins[SDKS[index]!] = `http://127.0.0.1:${port}`;
    const CORS_ORIGINS = Object.values(origins).join();
    stepped = await startSteppedAgent();
    app = await startChatApp({ CORS_ORIGINS });
    steppedApp = await startChatApp({ CORS_ORIGINS, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint });
  });
  afterAll(async () => {
    await browser.close();
    stepped.close();
    await Promise.all([app.close(), steppedApp.close(), ...frontends.map((frontend) => frontend.close())]);
  });
  beforeEach(() => {
    user = `reader-${(users += 1)}`;
  });

  const open = (api: ChatApp, query: Record<string, string> = {}, from = origins[sdk]) =>
    page.goto(`${from}/?${new URLSearchParams({ api: api.url, token: tokenOf(user), ...query }).toString()}`);
  const say = async (text: string) => {
    await page.locator('input').fill(text);
    await page.locator('input').press('Enter');
  };
  const answer = (number = 1) => page.locator('.assistant').nth(number - 1);
  const alert = () => page.getByRole('alert');
  const untilReady = () => page.locator('input:enabled').waitFor();
  /** The only chat that the user of the test has. */
  const onlyChat = async (api: ChatApp): Promise<ShownChat> => {
    const heads = await readHeads(api, user);
    expect(heads).toHaveLength(1);
    return (await readChat(api.url, user, heads[0]?.id ?? '')).body.chat;
  };
  const pressStop = () => page.getByRole('button', { name: 'Stop' }).click();
  const statuses = async (api: ChatApp) => (await onlyChat(api)).messages.map(({ role, status }) => [role, status]);

  describe.each(SDKS)('with the AI SDK %s', (version) => {
    beforeAll(() => void (sdk = version));

    it('shows the reply while the agent sends it', async () => {
      await open(steppedApp);
      await say('Count for me');
      let shown = '';
      for (const piece of ['one ', 'two ', 'three']) {
        await stepped.say(piece);
        shown += piece;
        await answer().getByText(shown.trim(), { exact: true }).waitFor();
      }
      stepped.end();
      await untilReady();
      expect((await onlyChat(steppedApp)).messages).toMatchObject([
        { content: 'Count for me' },
        { content: 'one two three' },
      ]);
    });

    it('continues its chat, shows sources, and opens an existing chat', async () => {
      await open(app);
      await say('Plan a weekend in Lisbon');
      await answer().getByRole('link', { name: 'Lisbon in two days' }).waitFor();
      await untilReady();
      await say('What did I ask you first?');
      await answer(2).getByText('Plan a weekend in Lisbon').waitFor();
      await untilReady();
      const chat = await onlyChat(app);
      expect(chat.messages).toHaveLength(4);

      await open(app, { chat: chat.id });
      await answer(2).getByText('Plan a weekend in Lisbon').waitFor();
      await say('And now?');
      await answer(3).waitFor();
      await untilReady();
      expect((await onlyChat(app)).messages).toHaveLength(6);
    });

    it('stops a reply, keeps what has come, and sends at once', async () => {
      await open(app);
      await say('Tell me [[fault silence after=2]]');
      await answer().getByText('You said').waitFor();
      const shown = await answer().locator('p').textContent();
      await pressStop();
      await untilReady();
      await say('And now?');
      await answer(2).waitFor();
      await untilReady();
      expect(await alert().count()).toBe(0);
      const { messages } = await onlyChat(app);
      expect(messages.map(({ status }) => status)).toEqual([undefined, 'stopped', undefined, undefined]);
      expect(messages[1]?.content.startsWith(shown ?? '-')).toBe(true);
    });

    it('reads a running reply again after a reload', async () => {
      await open(steppedApp);
      await say('Count for me');
      await stepped.say('one ');
      await answer().getByText('one').waitFor();
      const { id } = await onlyChat(steppedApp);
      await open(steppedApp, { chat: id });
      await answer().getByText('one').waitFor();
      await stepped.say('two');
      await answer().getByText('one two', { exact: true }).waitFor();
      stepped.end();
      await untilReady();
      expect(await page.locator('article').count()).toBe(2);
      await open(steppedApp, { chat: id });
      await answer().getByText('one two', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    });

    it('shows an error in the middle of a reply, marks its part, and asks again in its place', async () => {
      await open(app);
      app.agent.enqueue({ type: 'torn', afterChunks: 2 });
      await say('Hello');
      await alert().getByText('The agent failed').waitFor();
      const { id, messages } = await onlyChat(app);
      expect(await answer().locator('p').textContent()).toBe(messages[1]?.content);
      expect(await answer().locator('small').textContent()).toBe('partial');
      await page.getByRole('button', { name: 'Try again' }).click();
      await untilReady();
      await alert().waitFor({ state: 'detached' });
      const again = await onlyChat(app);
      expect(again.id).toBe(id);
      expect(again.messages.map(({ status }) => status)).toEqual([undefined, undefined]);
      expect(await answer().locator('p').textContent()).toBe(again.messages[1]?.content);
    });
  });

  it('stops a turn before its first word, and sends at once', async () => {
    await open(app);
    await say('Hello');
    await answer().waitFor();
    await untilReady();
    const calls = app.agent.invocations.length;
    await say('Tell me [[fault delay ms=600000]]');
    while (app.agent.invocations.length === calls) await wait(10);
    await pressStop();
    await untilReady();
    await say('And now?');
    await answer(2).waitFor();
    await untilReady();
    expect(await alert().count()).toBe(0);
    expect((await statuses(app))[2]).toEqual(['user', 'stopped']);
    expect(await statuses(app)).toHaveLength(5);
  });

  it('shows an error before the first text, and asks again in its place', async () => {
    await open(app);
    app.agent.enqueue({
      type: 'stream-exception',
      exception: 'ThrottlingException',
      message: 'slow down',
      afterChunks: 0,
    });
    await say('Hello');
    await alert().getByText('The agent is busy').waitFor();
    await untilReady();
    const { id } = await onlyChat(app);
    await page.getByRole('button', { name: 'Try again' }).click();
    await answer().waitFor();
    await untilReady();
    const again = await onlyChat(app);
    expect([again.id, again.messages.length]).toEqual([id, 2]);
  });

  it('begins no turn if its origin is not allowed', async () => {
    const calls = app.agent.invocations.length;
    await open(app, {}, origins['6']!.replace('127.0.0.1', 'localhost'));
    await say('Hello');
    await alert().getByText('Failed to fetch').waitFor();
    expect(app.agent.invocations).toHaveLength(calls);
  });

  it('can read the documented headers', async () => {
    await open(app);
    const ask = (headers: Record<string, string>) =>
      page.evaluate(
        async ({ url, token, more }) => {
          const { status, headers: given } = await fetch(`${url}/chat`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more },
            body: JSON.stringify({ prompt: 'Hello, headers' }),
          });
          return { status, ...Object.fromEntries(given) };
        },
        { url: app.url, token: tokenOf(user), more: headers },
      );
    const call = { 'idempotency-key': 'of-a-page', 'x-request-id': 'page-1' };
    const first: Record<string, unknown> = await ask(call);
    expect(first).toMatchObject({ status: 200, 'x-request-id': 'page-1', 'turn-id': `${String(first['chat-id'])}:1` });
    expect(await onlyChat(app)).toMatchObject({ id: first['chat-id'] });
    expect(await ask(call)).toMatchObject({ status: 200, 'x-request-id': 'page-1', 'idempotency-replayed': 'true' });
  });

  it('reads a stream with the fetch of the docs', async () => {
    await open(app);
    const code = frontendSnippet('js').replace('process.stdout.write(', 'shown.push(');
    const variables = JSON.stringify({ API: app.url, ID_TOKEN: tokenOf(user) });
    const values = `globalThis.process = { env: ${variables} }; const shown = [];`;
    const shown: string[] = await page.evaluate(`(async () => { ${values} ${code}; return shown; })()`);
    expect(shown.length).toBeGreaterThan(1);
    expect((await onlyChat(app)).messages[1]?.content).toBe(shown.join(''));
  });

  it('loses nothing if it is closed in the middle of a reply', async () => {
    await open(steppedApp);
    await say('Tell me all');
    await stepped.say('The beginning');
    await answer().getByText('The beginning').waitFor();
    await page.close();
    await stepped.say(' and the end');
    stepped.end();
    for (let looks = 0; looks < 100 && (await onlyChat(steppedApp)).messages.length < 2; looks += 1) await wait(50);
    expect((await onlyChat(steppedApp)).messages.at(-1)).toMatchObject({ content: 'The beginning and the end' });
  });
});
