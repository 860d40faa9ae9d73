import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { toStart } from '../support/page-driver.js';
import { SHORT, usePage } from '../support/page-fixture.js';
import { visitStates } from '../support/page-states.js';

/** A window of 1280 by 720 at 200 %, and one of 1280 by 1024 at 400 %. */
const ZOOMED = [
  { width: 640, height: 360 },
  { width: 320, height: 256 },
];

/** Tests of the page where things go wrong, and in windows of every width. */
describeInBrowser('the page in trouble', () => {
  const fixture = usePage();

  it('asks for another token when one has expired, and loses nothing', async () => {
    const driver = await fixture.openPage({ token: fixture.createToken('late', -60) });
    const dialog = driver.page.locator('#token-dialog[open]');
    await dialog.getByText('Your token has expired').waitFor();
    await driver.page.keyboard.press('Escape');
    await driver.say('Plan a weekend in Lisbon');
    await dialog.waitFor();
    await driver.page.reload();
    await dialog.waitFor();
    await driver.page.keyboard.press('Escape');
    expect(await driver.prompt.inputValue()).toBe('Plan a weekend in Lisbon');
    await driver.prompt.press('Enter');
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
    const driver = await fixture.openPage();
    const keys: (string | undefined)[] = [];
    driver.page.on('request', (request) => {
      if (request.method() === 'POST') keys.push(request.headers()['idempotency-key']);
    });
    await driver.page.route('**/chat/stream', (route) => route.abort());
    driver.allow(/ERR_FAILED/);
    await driver.ask('Plan a weekend in Lisbon');
    await driver.notices.getByText('The service cannot be reached').waitFor();
    await driver.page.unroute('**/chat/stream');
    await driver.page.reload();
    await driver.notices.getByText('It is not certain whether this was sent').waitFor();
    await driver.page.route('**/chat/stream', (route) => route.abort(), { times: 1 });
    await driver.press('Try again');
    await driver.notices.getByText('The service cannot be reached').waitFor();
    await driver.press('Edit');
    expect(await driver.prompt.inputValue()).toBe('Plan a weekend in Lisbon');
    await driver.page.route('**/chat/stream', (route) => route.abort(), { times: 1 });
    await driver.prompt.press('Enter');
    await driver.press('Try again');
    await driver.replies.getByText('Alfama').waitFor();
    await driver.untilReady();
    const [first, second, third, fourth] = keys;
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect([second === first, third === first, fourth === third]).toEqual([true, false, true]);
  });

  it('goes on with a reply whose connection was lost in the middle', async () => {
    const token = fixture.createToken('unlucky');
    const id = await fixture.ask(token, 'Hello');
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    const prompt = 'Plan a weekend in Lisbon [[fault reply pace=60]]';
    const running = fixture.ask(token, prompt, id);
    const start = JSON.stringify(toStart(id, 2));
    await driver.forge('**/chat/stream', 'text/event-stream', `data: ${start}\n\ndata: {"ty`);
    await driver.say(prompt);
    await driver.page.getByRole('alert').getByText('The connection was lost').waitFor();
    await driver.replies.getByText('This is turn 2').waitFor();
    await Promise.all([driver.untilReady(), running]);
    expect(await driver.page.locator('.message').count()).toBe(4);
    expect(await driver.notices.count()).toBe(0);
  });

  it('shows the end of a turn that it has missed, though the chat cannot be read at once', async () => {
    const token = fixture.createToken('misser');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    driver.allow(/ERR_FAILED/);
    await driver.page.route('**/chat/stream', async (route) => {
      await fixture.ask(token, 'Plan a weekend in Lisbon', id);
      await driver.page.route(`**/chats/${id}`, (reading) => reading.abort(), { times: 1 });
      await driver.fulfill(route, 'text/event-stream', `data: ${JSON.stringify(toStart(id, 2))}\n\n`);
    });
    await driver.ask('Plan a weekend in Lisbon');
    await driver.replies.nth(1).getByText('Alfama').waitFor();
    expect(await driver.page.locator('.message').count()).toBe(4);
    expect(await driver.page.getByRole('alert').isHidden()).toBe(true);
  });

  it('keeps its prompt apart from a turn that another device has begun since the connection was lost', async () => {
    const token = fixture.createToken('sleeper');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    const theirs = '[[fault reply pace=60]] Theirs';
    let running: Promise<unknown> = Promise.resolve();
    await driver.page.route(
      '**/chat/stream',
      async (route) => {
        await fixture.ask(token, `Mine ${SHORT}`, id);
        running = fixture.ask(token, theirs, id);
        while ((await fixture.listPrompts(token, id)).length < 3) await wait(20);
        await driver.fulfill(route, 'text/event-stream', `data: ${JSON.stringify(toStart(id, 2))}\n\n`);
      },
      { times: 1 },
    );
    await driver.say(`Mine ${SHORT}`);
    await driver.replies.nth(2).waitFor();
    await running;
    await driver.untilReady();
    expect(await driver.listPrompts()).toEqual([`Hello ${SHORT}`, `Mine ${SHORT}`, theirs]);
    expect(await driver.replies.nth(1).textContent()).not.toContain('Theirs');
  });

  it('shows each source once after a connection was lost behind them', async () => {
    const driver = await fixture.openPage();
    const parts = [
      toStart('c', 1),
      { type: 'text-delta', id: 'answer', delta: 'Alfama.' },
      { type: 'source-url', sourceId: 'source-1', url: 'https://example.com/', title: 'Lisbon' },
    ].map((part) => `data: ${JSON.stringify(part)}\n\n`);
    const end = 'data: {"type":"finish","finishReason":"stop"}\n\ndata: [DONE]\n\n';
    await driver.forge('**/chat/stream', 'text/event-stream', parts.join(''));
    await driver.forge('**/chat/stream/*/stream', 'text/event-stream', parts.join('') + end);
    await driver.ask('Hello');
    expect(await driver.replies.textContent()).toBe('Alfama.');
    expect(await driver.page.locator('.sources li').count()).toBe(1);
  });

  it('makes the agent fail on demand, says what is kept, and goes on', async () => {
    const driver = await fixture.openPage();
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

  it('fits windows of every width, and has no fault of accessibility, in each of its states', async () => {
    const driver = await fixture.openPage();
    const found: string[] = [];
    await visitStates(driver, async (state, widths) => {
      for (const width of widths) {
        await driver.page.setViewportSize({ width, height: 700 });
        for (const overflow of await driver.listOverflows()) found.push(`${state}, ${width}: ${overflow}`);
        // A phone in dark colours, and a desk in light ones.
        await driver.page.emulateMedia({ colorScheme: width < 500 ? 'dark' : 'light' });
        if (width !== widths[1] || widths.length < 3)
          for (const violation of await driver.listViolations()) found.push(`${state}, ${width}: ${violation}`);
      }
      for (const size of ZOOMED) {
        await driver.page.setViewportSize(size);
        for (const overflow of await driver.listOverflows()) found.push(`${state}, ${size.width} zoomed: ${overflow}`);
      }
      await driver.page.setViewportSize({ width: widths.at(-1)!, height: 700 });
    });
    expect(found).toEqual([]);
  });

  it('moves nothing while a reply comes and one reads further up', async () => {
    const driver = await fixture.openPage({ viewport: { width: 768, height: 600 } });
    await driver.ask('A story [[fault chunks bytes=9000]]');
    await driver.say('Another one [[fault chunks bytes=200000 pause=400]]');
    await driver.page.locator('[data-phase=streaming]').waitFor();
    await driver.page.locator('#scroller').hover();
    await driver.page.mouse.wheel(0, -1500);
    await driver.page.getByRole('button', { name: 'To the end' }).waitFor();
    const endWatch = await driver.watchPlace('.message');
    await driver.untilReady();
    expect(await endWatch()).toHaveLength(1);
    await driver.press('To the end');
    await driver.page.locator('#to-end').waitFor({ state: 'hidden' });
    // Narrow windows make the text longer, and the end stays in view.
    await driver.page.setViewportSize({ width: 360, height: 600 });
    await driver.page.locator('.message').last().locator('.tools').hover();
    expect(await driver.page.locator('#to-end').isHidden()).toBe(true);
  });
});
