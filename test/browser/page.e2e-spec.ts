import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { SHORT, usePage } from '../support/page-fixture.js';

/** The page of local mode in Chromium, as a person uses it. */
describeInBrowser('the page', () => {
  const fixture = usePage();

  it('takes the token of local mode, and says which agent replies', async () => {
    const driver = await fixture.openPage({ token: null });
    await driver.page.locator('#user', { hasText: 'demo' }).waitFor();
    await driver.page.getByText('An emulated agent (classic)').waitFor();
    expect(await driver.page.evaluate('document.activeElement.id')).toBe('prompt');
  });

  it('shows a reply while it comes, with its source, and keeps the chat in the list and the address', async () => {
    const driver = await fixture.openPage();
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
    const token = fixture.createToken('lister');
    for (let number = 1; number <= 32; number += 1) await fixture.ask(token, `Chat ${number} ${SHORT}`);
    const driver = await fixture.openPage({ token });
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
    const token = fixture.createToken('historian');
    const id = await fixture.ask(token, `Turn 1 ${SHORT}`);
    for (let turn = 2; turn <= 24; turn += 1) await fixture.ask(token, `Turn ${turn} ${SHORT}`, id);
    const driver = await fixture.openPage({ token, hash: `#${id}`, viewport: { width: 768, height: 700 } });
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

  it('stops a reply, and keeps what was there', async () => {
    const driver = await fixture.openPage();
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
    const driver = await fixture.openPage();
    await driver.say('Plan a weekend [[fault delay ms=3000]]');
    await driver.press('Stop');
    await driver.notices.getByText('Stopped').waitFor();
    await driver.untilReady();
  });

  it('follows a running reply after a reload, and in a second tab', async () => {
    const driver = await fixture.openPage();
    await driver.say('Plan a weekend in Lisbon [[fault reply pace=100]]');
    await driver.replies.getByText('You said').waitFor();
    const tab = await fixture.openTab(driver);
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

  it('asks anew by the id of a reply, and of a prompt that is edited', async () => {
    const driver = await fixture.openPage();
    await driver.ask('Plan a weekend in Lisbon');
    const chatId = decodeURIComponent(new URL(driver.page.url()).hash.slice(1));
    const bodies: unknown[] = [];
    driver.page.on('request', (request) =>
      bodies.push(...(request.method() === 'POST' ? [request.postDataJSON()] : [])),
    );
    const answer = async (turn: number) => {
      const parts = [
        {
          type: 'start',
          messageId: `${chatId}:${turn}`,
          messageMetadata: { user_message_id: `${chatId}:${turn}:user` },
        },
        { type: 'text-delta', id: 'answer', delta: `The reply of turn ${turn}` },
        { type: 'finish', finishReason: 'stop' },
      ];
      const body = [...parts.map((part) => JSON.stringify(part)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
      await driver.forge('**/chat/stream', 'text/event-stream', body);
    };
    await answer(2);
    await driver.press('Regenerate');
    await driver.replies.getByText('The reply of turn 2').waitFor();
    await answer(3);
    await driver.untilReady();
    await driver.press('Edit');
    await driver.page.getByLabel('Your message').first().fill('Plan a week in Porto');
    await driver.page.getByLabel('Your message').first().press('Enter');
    await driver.replies.getByText('The reply of turn 3').waitFor();
    expect(bodies).toEqual([
      { prompt: 'Plan a weekend in Lisbon', chat_id: chatId, replace_from: `${chatId}:1` },
      { prompt: 'Plan a week in Porto', chat_id: chatId, replace_from: `${chatId}:2:user` },
    ]);
    expect(await driver.page.locator('.message').count()).toBe(2);
  });
});
