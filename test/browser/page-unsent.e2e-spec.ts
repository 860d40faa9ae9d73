import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { holdNext, type PageDriver, refuseNext } from '../support/page-driver.js';
import { SHORT, usePage } from '../support/page-fixture.js';

const UNCERTAIN = 'It is not certain whether this was sent';

/** Tests of texts that a person has written, and that were not sent. */
describeInBrowser('the page with texts that were not sent', () => {
  const fixture = usePage();

  /** Sends a prompt that arrives, and whose response does not. @param stored - the prompts of its chat then. */
  async function loseResponse(
    driver: PageDriver,
    stored: { readonly token: string; readonly count: number },
    text: string,
  ) {
    driver.allow(/ERR_FAILED/);
    const sent = holdNext(driver, '**/chat/stream');
    await driver.say(text);
    const route = await sent;
    const running = fixture.repeat(route.request());
    const { chatId } = driver;
    while ((await fixture.listPrompts(stored.token, chatId)).length < stored.count) await wait(20);
    await route.abort();
    return { running, chatId };
  }

  it('finds the first prompt of a chat again, whenever the page is loaded anew, and sends it once', async () => {
    const token = fixture.createToken('reloader');
    const driver = await fixture.openPage({ token });
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend [[fault delay ms=600000]]');
    await held;
    const { chatId } = driver;
    // The service has not had the request so far.
    await driver.page.reload();
    await driver.notices.getByText(UNCERTAIN).waitFor();
    expect(await driver.prompt.inputValue()).toBe('');
    await driver.press('Try again');
    while ((await fixture.listPrompts(token, chatId)).length === 0) await wait(20);
    await driver.page.reload();
    await driver.page.locator('[data-phase=waiting]').waitFor();
    expect(await driver.listPrompts()).toHaveLength(1);
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
      const count = isFirst ? 1 : 2;
      const { running, chatId } = await loseResponse(driver, { token, count }, 'Lisbon [[fault delay ms=1500]]');
      await driver.notices.getByText('The service cannot be reached').waitFor();
      if (isFirst) {
        // As long as it cannot look, it sends nothing.
        await driver.page.route(`**/chats/${chatId}`, (reading) => reading.abort(), { times: 1 });
        await driver.press('Try again');
        await driver.page.getByRole('alert').getByText('The service cannot be reached').waitFor();
        await driver.press('Try again');
      } else await driver.page.reload();
      await driver.replies
        .nth(count - 1)
        .getByText('Alfama')
        .waitFor();
      await Promise.all([driver.untilReady(), running]);
      expect(await driver.prompt.inputValue()).toBe('');
      expect(await driver.listPrompts()).toHaveLength(count);
      expect([driver.chatId, await driver.listPrompts()]).toEqual([chatId, await fixture.listPrompts(token, chatId)]);
      expect(await driver.titles.count()).toBe(1);
    },
  );

  it('runs no turn twice that failed while its chat was left, or the page was gone', async () => {
    const token = fixture.createToken('unlucky-traveller');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    const isStored = async (count: number) => (await fixture.listPrompts(token, id)).length === count;
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('Two [[fault http-error]]');
    const route = await held;
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await route.continue();
    while (!(await isStored(2))) await wait(20);
    await driver.page.goBack();
    await driver.notices.getByText('Your message is kept.').waitFor();
    const gone = holdNext(driver, '**/chat/stream');
    await driver.say('Three [[fault http-error]]');
    await fixture.repeat((await gone).request());
    await driver.page.reload();
    await driver.notices.nth(1).waitFor();
    await driver.untilReady();
    expect(await driver.listPrompts()).toEqual([
      `Hello ${SHORT}`,
      'Two [[fault http-error]]',
      'Three [[fault http-error]]',
    ]);
    expect(await isStored(3)).toBe(true);
  });

  it('finds an edit that went through though its response was lost', async () => {
    const token = fixture.createToken('lost-editor');
    const id = await fixture.ask(token, `One ${SHORT}`);
    await fixture.ask(token, `Two ${SHORT}`, id);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.nth(1).waitFor();
    driver.allow(/ERR_FAILED/);
    const sent = holdNext(driver, '**/chat/stream');
    const editing = driver.edit(0, `Better ${SHORT}`);
    const route = await sent;
    await fixture.repeat(route.request());
    await route.abort();
    await editing;
    await driver.prompts.nth(1).waitFor({ state: 'detached' });
    await driver.untilReady();
    expect([await driver.listPrompts(), await driver.notices.count()]).toEqual([[`Better ${SHORT}`], 0]);
    expect(await fixture.listPrompts(token, id)).toEqual([`Better ${SHORT}`]);
  });

  it.each(['the first prompt of a chat', 'a later prompt'])(
    'sends %s once that was on its way when its chat was left',
    async (which) => {
      const token = fixture.createToken(`traveller with ${which}`);
      const isFirst = which !== 'a later prompt';
      const hash = isFirst ? '' : `#${await fixture.ask(token, `Hello ${SHORT}`)}`;
      const driver = await fixture.openPage({ token, hash });
      if (!isFirst) await driver.replies.waitFor();
      const late = holdNext(driver, '**/chat/stream');
      await driver.say(`Mine ${SHORT}`);
      const route = await late;
      const { chatId } = driver;
      await driver.page.getByRole('link', { name: 'New chat' }).click();
      await driver.page.goBack();
      await driver.notices.getByText(UNCERTAIN).waitFor();
      // It arrives after all.
      await route.continue();
      await driver.notices.waitFor({ state: 'detached' });
      await driver.replies.nth(isFirst ? 0 : 1).waitFor();
      await driver.untilReady();
      expect(await driver.listPrompts()).toEqual([...(isFirst ? [] : [`Hello ${SHORT}`]), `Mine ${SHORT}`]);
      expect(await fixture.listPrompts(token, chatId)).toEqual(await driver.listPrompts());
      expect(await driver.prompt.inputValue()).toBe('');
    },
  );

  it('says that the connection was lost to a chat that was left, keeps the prompt, and leads there', async () => {
    const driver = await fixture.openPage();
    driver.allow(/ERR_FAILED/);
    const held = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend in Lisbon');
    const route = await held;
    const { chatId } = driver;
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.page.getByText('What would you like to know?').waitFor();
    await fixture.repeat(route.request());
    await route.abort();
    await driver.page.getByRole('alert').getByText('The connection was lost').waitFor();
    expect(await driver.prompt.inputValue()).toBe('Plan a weekend in Lisbon');
    await driver.page.getByRole('link', { name: 'Show it' }).click();
    await driver.replies.getByText('Alfama').waitFor();
    expect([driver.chatId, await driver.listPrompts()]).toEqual([chatId, ['Plan a weekend in Lisbon']]);
  });

  it('stays in the chat of a first prompt whose connection was lost, though another one is sent there', async () => {
    const token = fixture.createToken('impatient');
    const driver = await fixture.openPage({ token });
    const prompt = 'Plan a weekend [[fault silence after=9]]';
    const { running, chatId } = await loseResponse(driver, { token, count: 1 }, prompt);
    await driver.press('Edit');
    await driver.say(`Another ${SHORT}`);
    await driver.notices.getByText('another answer').waitFor();
    await driver.press('Stop');
    await running;
    await driver.untilReady();
    await driver.notices.getByRole('button', { name: 'Try again' }).last().click();
    await driver.untilReady();
    expect(await fixture.listPrompts(token, chatId)).toEqual([prompt, `Another ${SHORT}`]);
    expect(driver.chatId).toBe(chatId);
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
    expect(await driver.prompt.inputValue()).toBe('First');
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
    await driver.lookAgain();
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
