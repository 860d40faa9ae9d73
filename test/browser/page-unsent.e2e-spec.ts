import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { holdNext, refuseNext } from '../support/page-driver.js';
import { SHORT, usePage } from '../support/page-fixture.js';

const LOOK_AGAIN = `document.dispatchEvent(new Event('visibilitychange'))`;

/** Tests of texts that a person has written, and that were not sent. */
describeInBrowser('the page with texts that were not sent', () => {
  const fixture = usePage();

  it('sends the first prompt of a chat once, whenever the page is loaded again', async () => {
    const token = fixture.createToken('reloader');
    const driver = await fixture.openPage({ token });
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend [[fault delay ms=600000]]');
    await held;
    const { chatId } = driver;
    // The service has not had the request so far.
    await driver.page.reload();
    while ((await fixture.listPrompts(token, chatId)).length === 0) await wait(20);
    await driver.page.reload();
    await driver.page.locator('[data-phase=waiting]').waitFor();
    await driver.press('Stop');
    await driver.notices.getByText('Stopped').waitFor();
    await driver.untilReady();
    expect(await driver.listPrompts()).toHaveLength(1);
    expect([driver.chatId, await driver.titles.count()]).toEqual([chatId, 1]);
  });

  it.each(['the first turn of a chat', 'a later turn'])(
    'follows %s if its connection was lost before the reply, and shows it once',
    async (which) => {
      const token = fixture.createToken(`cut-off in ${which}`);
      const isFirst = which !== 'a later turn';
      const hash = isFirst ? '' : `#${await fixture.ask(token, `Hello ${SHORT}`)}`;
      const driver = await fixture.openPage({ token, hash });
      driver.allow(/ERR_FAILED/);
      const sent = holdNext(driver, '**/chat/stream');
      await driver.say('Plan a weekend in Lisbon [[fault delay ms=1500]]');
      const route = await sent;
      const running = fixture.repeat(route.request());
      const { chatId } = driver;
      const count = isFirst ? 1 : 2;
      while ((await fixture.listPrompts(token, chatId)).length < count) await wait(20);
      await route.abort();
      await driver.notices.getByText('The service cannot be reached').waitFor();
      // The prompt comes back with its request, and not as a draft that would be a second turn.
      await driver.page.reload();
      await driver.notices.getByText('The service cannot be reached').waitFor();
      expect(await driver.prompt.inputValue()).toBe('');
      await driver.press('Try again');
      await driver.replies.getByText('Alfama').waitFor();
      await Promise.all([driver.untilReady(), running]);
      expect(await driver.listPrompts()).toHaveLength(count);
      expect([driver.chatId, await driver.listPrompts()]).toEqual([chatId, await fixture.listPrompts(token, chatId)]);
      expect(await driver.titles.count()).toBe(1);
    },
  );

  it('sends a later prompt once that was on its way when the page was loaded again, or its chat left', async () => {
    const token = fixture.createToken('traveller');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    const lost = holdNext(driver, '**/chat/stream');
    await driver.say(`Two ${SHORT}`);
    await lost;
    await driver.page.reload();
    await driver.replies.nth(1).waitFor();
    await driver.untilReady();
    const late = holdNext(driver, '**/chat/stream');
    await driver.say(`Three ${SHORT}`);
    const route = await late;
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.page.goBack();
    await driver.replies.nth(2).waitFor();
    await driver.untilReady();
    await route.continue();
    expect(await driver.listPrompts()).toEqual([`Hello ${SHORT}`, `Two ${SHORT}`, `Three ${SHORT}`]);
    expect(await fixture.listPrompts(token, id)).toEqual(await driver.listPrompts());
  });

  it('stops a first turn whose chat was left before it began, and shows the chat in the list', async () => {
    const token = fixture.createToken('leaver');
    const driver = await fixture.openPage({ token });
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend [[fault silence after=9]]');
    const route = await held;
    await driver.press('Stop');
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.page.getByText('What would you like to know?').waitFor();
    await route.continue();
    await driver.titles.click();
    await driver.notices.getByText('Stopped').waitFor();
    expect(await driver.prompt.inputValue()).toBe('');
  });

  it('keeps an edit that was refused what it was, and a prompt that was refused after its chat was left', async () => {
    const token = fixture.createToken('refused');
    const id = await fixture.ask(token, `One ${SHORT}`);
    await fixture.ask(token, `Two ${SHORT}`, id);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.nth(1).waitFor();
    await refuseNext(driver, 429, 'Too many requests');
    await driver.edit(1, 'Three');
    await driver.notices.getByText('The next one can be sent in 17 s.').waitFor();
    await driver.notices.getByRole('button', { name: 'Edit' }).click();
    const form = driver.page.locator('.edit textarea');
    expect(await form.inputValue()).toBe('Three');
    await form.fill(`New ${SHORT}`);
    await form.press('Enter');
    await driver.notices.waitFor({ state: 'detached' });
    await driver.untilReady();
    expect(await fixture.listPrompts(token, id)).toEqual([`One ${SHORT}`, `New ${SHORT}`]);

    const sent = holdNext(driver, '**/chat/stream');
    await driver.say('Mine');
    const route = await sent;
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.page.getByText('What would you like to know?').waitFor();
    await route.fulfill({ status: 429, headers: { 'x-forged': 'true' }, body: '{"error":"Too many requests"}' });
    await driver.page.getByRole('alert').getByText('Not sent: Too many requests').waitFor();
    await driver.page.goBack();
    await driver.replies.nth(1).waitFor();
    expect(await driver.prompt.inputValue()).toBe('Mine');

    // A first prompt is not sent by itself after that, wherever one goes.
    await driver.page.evaluate(`location.hash = ''`);
    const first = holdNext(driver, '**/chat/stream');
    await driver.say('First');
    const refused = await first;
    await driver.titles.click();
    await driver.replies.nth(1).waitFor();
    await refused.fulfill({ status: 429, headers: { 'x-forged': 'true' }, body: '{"error":"Too many requests"}' });
    await driver.page.getByRole('alert').getByText('Not sent: Too many requests').waitFor();
    await driver.page.goBack();
    await driver.page.getByRole('alert').getByText('Chat not found').waitFor();
    await driver.page.getByText('What would you like to know?').waitFor();
    expect([await driver.prompts.count(), await driver.titles.count()]).toEqual([0, 1]);
  });

  it('leaves an open edit as it is while the chat grows elsewhere', async () => {
    const token = fixture.createToken('slow-editor');
    const id = await fixture.ask(token, `One ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}`, viewport: { width: 1440, height: 400 } });
    await driver.page.locator('.user').getByRole('button', { name: 'Edit' }).click();
    const form = driver.page.locator('.edit textarea');
    await form.fill('Still writing');
    const endWatch = await driver.watchPlace('.edit');
    await fixture.ask(token, `Two ${SHORT}`, id);
    await driver.page.evaluate(LOOK_AGAIN);
    await driver.replies.nth(1).waitFor();
    expect(await form.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect([await form.inputValue(), await endWatch()]).toEqual(['Still writing', [expect.any(Number)]]);
    // If its message goes, the text does not.
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.titles.click();
    await driver.replies.nth(1).waitFor();
    expect(await driver.prompt.inputValue()).toBe('Still writing');
  });
});
