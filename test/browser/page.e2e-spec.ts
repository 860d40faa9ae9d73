import { expect, it } from '@jest/globals';
import type { Route } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { holdNext, toStart } from '../support/page-driver.js';
import { SHORT, usePage } from '../support/page-fixture.js';

/** Runs in the page. Notes how long the reply is, each time that it has changed. */
const NOTE_LENGTHS = `globalThis.lengths = [];
new MutationObserver(() => lengths.push(document.querySelector('.assistant .markdown')?.textContent.length ?? 0))
  .observe(document.getElementById('messages'), { subtree: true, childList: true, characterData: true });`;

/** Everything that a careless page would run or follow. */
const HOSTILE = [
  '<img src=x onerror="document.title=1"> <script>document.title=1</script>',
  '[a](javascript:document.title=1) [b](JaVaScRiPt:document.title=1) [c](data:text/html,x) ![d](https://evil.example/x.png)',
  '<https://evil.example> [e]( javascript:alert(1) "t") [[f](https://a.example)](javascript:1)',
  '**<b onclick=x>** `</code><script>1</script>` \u202Ertl\u202C </textarea></article>',
].join('\n\n');

/** The page of local mode in Chromium, as a person uses it. All its tests share a browser and a service. */
describeInBrowser('the page', () => {
  const fixture = usePage();

  it('makes nothing of hostile text', async () => {
    const driver = await fixture.openPage();
    await driver.forgeTurn([
      toStart('c', 1, HOSTILE),
      { type: 'text-delta', id: 'answer', delta: HOSTILE },
      { type: 'source-url', sourceId: '1', url: 'javascript:document.title=1', title: HOSTILE },
      {
        type: 'source-document',
        title: '<i>',
        providerMetadata: { citation: { uri: 'data:text/html,x', snippet: HOSTILE, end: 9 } },
      },
      { type: 'finish', finishReason: 'stop' },
    ]);
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
    expect(await driver.page.title()).toContain('<script>document.title=1</script>');
    await driver.page.route('**/chats/x', (route) => route.abort());
    driver.allow(/ERR_FAILED/);
    await driver.page.locator('#chats a[href="#x"]').click();
    await driver.page.getByRole('alert').waitFor();
    expect(driver.chatId).toBe('x');
  });

  it('shows nothing of one user to the next one in the same tab', async () => {
    const token = fixture.createToken('first-user');
    const id = await fixture.ask(token, `Secret ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    await driver.prompt.fill('A secret draft');
    const change = async (next: string) => {
      await driver.page.locator('#token').click();
      await driver.page.locator('#token-field').fill(next);
      await driver.page.locator('#token-field').press('Enter');
    };
    // A first prompt is on its way when the other one comes.
    await driver.page.evaluate(`location.hash = ''`);
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('A secret prompt');
    await held;
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await change(`“${fixture.createToken('second-user')}”`);
    await driver.page.locator('#user', { hasText: 'second-user' }).waitFor();
    await driver.page.getByText('Your chats will be here.').waitFor();
    expect([driver.chatId, await driver.prompt.inputValue()]).toEqual(['', '']);
    await driver.page.goBack();
    await driver.page.getByRole('alert').getByText('Chat not found').waitFor();
    expect([await driver.prompts.count(), await driver.prompt.inputValue()]).toEqual([0, '']);
    await change(token);
    await driver.titles.click();
    await driver.replies.waitFor();
    expect(await driver.prompt.inputValue()).toBe('A secret draft');
  });

  it('reads a reply at once that is made to be slow', async () => {
    const driver = await fixture.openPage();
    const parse = `async (texts) => {
      const { parseBlocks } = await import('/page/markdown-blocks.js');
      return texts.map((text) => parseBlocks(text).map(({ text: inner, items = [] }) => inner ?? items.length));
    }`;
    const long = (text: string) => text.repeat(400_000);
    const texts = [`# a${long(' ')}x`, `# ${long('#')}x`, `- a${long('\n')}- b`, '# C#', '## Two ##', '# #'];
    const call = `(${parse})(${JSON.stringify(texts)})`;
    const [spaces, marks, ...others] = await driver.page.evaluate<unknown[][]>(call);
    expect([spaces, marks].map((found) => String(found).length)).toEqual([400_002, 400_001]);
    expect(others).toEqual([[1, 1], ['C#'], ['Two'], ['']]);
  });

  it('takes the token of local mode, and says which agent replies', async () => {
    const driver = await fixture.openPage({ token: null });
    await driver.page.locator('#user', { hasText: 'demo' }).waitFor();
    await driver.page.getByText('An emulated agent (classic)').waitFor();
    expect(await driver.page.evaluate('document.activeElement.id')).toBe('prompt');

    // A person may be faster than the service.
    const settings = new Promise<Route>((resolve) => void driver.page.route('**/settings.json', resolve));
    await driver.page.reload();
    await driver.say(`Hello ${SHORT}`);
    await driver.prompt.fill('And then?');
    await (await settings).continue();
    await driver.replies.waitFor();
    await driver.untilReady();
    expect(await driver.prompt.inputValue()).toBe('And then?');
  });

  it('shows a reply while it comes, with its source, and keeps the chat in the list and the address', async () => {
    const driver = await fixture.openPage();
    await driver.page.evaluate(NOTE_LENGTHS);
    await driver.press('Plan a weekend in Lisbon');
    await driver.page.getByText('The answer is complete').waitFor({ state: 'attached' });
    const lengths = await driver.page.evaluate<number[]>('lengths');
    expect(lengths.toSorted((a, b) => a - b)).toEqual(lengths);
    // On a busy machine a picture shows several pieces.
    expect(new Set(lengths).size).toBeGreaterThan(3);
    expect(await driver.titles.allTextContents()).toEqual(['Plan a weekend in Lisbon']);
    const link = driver.page.getByRole('link', { name: 'Lisbon in two days' });
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    await driver.press('Source 1: Lisbon in two days');
    expect(await link.evaluate((element) => element.matches(':focus'))).toBe(true);
  });

  it('pages the list, renames and deletes', async () => {
    const token = fixture.createToken('lister');
    for (let number = 1; number <= 32; number += 1) await fixture.ask(token, `Chat ${number} ${SHORT}`);
    const driver = await fixture.openPage({ token });
    await driver.titles.nth(29).hover();
    await driver.page.mouse.wheel(0, 5000);
    await driver.titles.nth(31).waitFor();
    // Another tab has a turn, so the newest chats are read again.
    const read = driver.page.waitForResponse('**/chats?limit=30');
    await driver.page.evaluate(`new BroadcastChannel('chats').postMessage('x')`);
    await (await read).finished();
    const titles = await driver.titles.allTextContents();
    expect(titles.map((title) => /\d+/.exec(title)?.[0])).toEqual(Array.from({ length: 32 }, (_, i) => String(32 - i)));

    await driver.titles.first().click();
    await driver.press('Rename');
    await driver.page.getByLabel('Title of the chat').fill('A better name');
    await driver.page.getByLabel('Title of the chat').press('Enter');
    await driver.titles.getByText('A better name').waitFor();

    await driver.prompt.fill('Still writing');
    await driver.press('Delete');
    await driver.press('Keep it');
    await driver.page.locator('#delete').click();
    await driver.page.locator('#delete-confirm').click();
    await driver.page.getByText('What would you like to know?').waitFor();
    expect([await driver.titles.count(), await driver.prompt.inputValue()]).toEqual([31, 'Still writing']);
    expect(await driver.titles.getByText('A better name').count()).toBe(0);
  });

  it('shows older messages above, and stays where one reads', async () => {
    const token = fixture.createToken('historian');
    const id = await fixture.ask(token, `Turn 1 ${SHORT}`);
    for (let turn = 2; turn <= 12; turn += 1) await fixture.ask(token, `Turn ${turn} ${SHORT}`, id);
    const driver = await fixture.openPage({ token, hash: `#${id}`, viewport: { width: 768, height: 700 } });
    const find = (turn: number) => driver.page.locator('.bubble', { hasText: new RegExp(`^Turn ${turn} `) });
    await find(12).waitFor();
    await driver.page.locator('#scroller').hover();
    await driver.page.mouse.wheel(0, -400);
    await find(1).waitFor({ state: 'attached' });
    const seen = await find(10).boundingBox();
    expect(seen?.y).toBeGreaterThan(-700);
    while (((await find(1).boundingBox())?.y ?? 0) < 0) await driver.page.mouse.wheel(0, -2000);
    expect(await driver.page.locator('.bubble').count()).toBe(12);
  });

  it('stops the first reply of a chat before its first word, and another one, and keeps what was there', async () => {
    const driver = await fixture.openPage();
    const stops: string[] = [];
    driver.page.on('request', (request) => request.url().includes('/stop') && stops.push(request.url()));
    await driver.say('Plan a weekend [[fault delay ms=600000]]');
    await driver.press('Stop');
    await driver.notices.getByText('Stopped').waitFor();
    await driver.untilReady();
    await driver.say('Plan a weekend [[fault silence after=9]]');
    await driver.replies.getByText('You said').waitFor();
    await driver.press('Stop');
    await driver.notices.nth(1).waitFor();
    await driver.untilReady();
    // Each names its turn, so a late one stops no other.
    expect(stops.map((url) => new URL(url).searchParams.get('turn_id'))).toEqual([
      expect.stringMatching(/:1(:user)?$/),
      expect.stringMatching(/:2$/),
    ]);
    const text = await driver.replies.last().textContent();
    await driver.page.reload();
    await driver.notices.nth(1).waitFor();
    expect(await driver.replies.last().textContent()).toBe(text);
  });

  it('follows a running reply after a reload, and in a second tab', async () => {
    const driver = await fixture.openPage();
    await driver.say('Plan a weekend in Lisbon [[fault reply pace=200]]');
    await driver.replies.getByText('You said').waitFor();
    const tab = await fixture.openTab(driver);
    await driver.page.reload();
    for (const each of [driver, tab]) {
      await each.page.locator('[data-phase=streaming]').waitFor();
      expect(await each.replies.count()).toBe(1);
    }
    await Promise.all([driver.untilReady(), tab.untilReady()]);
    for (const each of [driver, tab]) await each.replies.getByText('This is turn 1').waitFor();

    await tab.say('And in winter? [[fault reply pace=150]]');
    await driver.page.locator('[data-phase=streaming]').waitFor();
    await driver.replies.nth(1).getByText('This is turn 2').waitFor();
    await Promise.all([driver.untilReady(), tab.untilReady()]);
    expect(await driver.page.locator('.bubble').allTextContents()).toEqual(
      await tab.page.locator('.bubble').allTextContents(),
    );
  });

  it('regenerates a reply, and edits a prompt in the middle and the first one', async () => {
    const token = fixture.createToken('editor');
    const driver = await fixture.openPage({ token });
    for (const prompt of ['One', 'Two', 'Three']) await driver.ask(`${prompt} ${SHORT}`);
    const tab = await fixture.openTab(driver);
    const isKept = async (...prompts: string[]) => {
      await driver.untilReady();
      const shown = prompts.map((prompt) => `${prompt} ${SHORT}`);
      expect(await driver.listPrompts()).toEqual(shown);
      expect(await driver.replies.count()).toBe(prompts.length);
      expect(await fixture.listPrompts(token, driver.chatId)).toEqual(shown);
    };
    await driver.press('Regenerate');
    await isKept('One', 'Two', 'Three');
    await driver.edit(1, `Second ${SHORT}`);
    await isKept('One', 'Second');
    await driver.edit(0, `First ${SHORT}`);
    await isKept('First');
    await tab.page.locator('.bubble', { hasText: 'First' }).waitFor();
    await tab.untilReady();
    await tab.page.locator('.bubble', { hasText: 'One' }).waitFor({ state: 'detached' });
    expect(await tab.listPrompts()).toEqual([`First ${SHORT}`]);
  });

  it('tries again after a fault, and keeps the turns before', async () => {
    const token = fixture.createToken('unlucky-editor');
    const driver = await fixture.openPage({ token });
    await driver.ask('Plan a weekend in Lisbon');
    const failOnce = () =>
      driver.page.route(
        '**/chat/stream',
        (route) => {
          const { prompt, ...others } = route.request().postDataJSON() as { readonly prompt: string };
          return route.continue({ postData: JSON.stringify({ prompt: `${prompt} [[fault http-error]]`, ...others }) });
        },
        { times: 1 },
      );
    const goOn = async () => {
      await driver.notices.getByText('Your message is kept.').waitFor();
      await driver.press('Try again');
      await driver.notices.waitFor({ state: 'detached' });
      await driver.untilReady();
    };
    await failOnce();
    await driver.ask('And in winter?');
    await goOn();
    expect(await driver.listPrompts()).toEqual(['Plan a weekend in Lisbon', 'And in winter?']);

    await failOnce();
    await driver.edit(0, 'Plan a week in Porto');
    await driver.notices.waitFor();
    // What was to be replaced is still there.
    expect(await driver.listPrompts()).toEqual(['Plan a weekend in Lisbon', 'And in winter?', 'Plan a week in Porto']);
    await goOn();
    expect(await driver.listPrompts()).toEqual(['Plan a week in Porto']);
    expect(await fixture.listPrompts(token, driver.chatId)).toEqual(['Plan a week in Porto']);
  });
});
