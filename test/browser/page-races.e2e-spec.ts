import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { holdNext } from '../support/page-driver.js';
import { SHORT, usePage } from '../support/page-fixture.js';

const SLOW = '[[fault reply pace=60]]';

/** Tests of the page where two things happen at the same time. */
describeInBrowser('the page in a hurry', () => {
  const fixture = usePage();

  it('tries again in the chat of a first prompt that failed before its first word', async () => {
    const token = fixture.createToken('first-unlucky');
    const driver = await fixture.openPage({ token });
    const failing = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend in Lisbon');
    const route = await failing;
    const body = route.request().postData() ?? '';
    driver.allow(/ERR_FAILED/);
    // The page does not get the chat either.
    await driver.page.route('**/chats/*', (reading) => reading.abort(), { times: 1 });
    await route.continue({ postData: body.replace('Lisbon', 'Lisbon [[fault http-error]]') });
    await driver.notices.getByText('Your message is kept.').waitFor();
    await driver.page.getByRole('button', { name: 'Try again' }).press('Enter');
    await driver.replies.getByText('Alfama').waitFor();
    await driver.untilReady();
    expect(await driver.notices.count()).toBe(0);
    expect(await driver.page.evaluate('document.activeElement.id')).toBe('scroller');
    expect(await fixture.listPrompts(token, driver.chatId)).toEqual(['Plan a weekend in Lisbon']);
  });

  it('keeps a prompt that was not sent while it follows the turn of another device', async () => {
    const token = fixture.createToken('two-devices');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.replies.waitFor();
    const running = fixture.ask(token, `Plan a weekend in Lisbon ${SLOW}`, id);
    while ((await fixture.listPrompts(token, id)).length < 2) await wait(20);
    await driver.say('Mine');
    await driver.notices.getByText('another answer is being written').waitFor();
    await driver.lookAgain();
    await driver.page.locator('#send[title=Stop]').waitFor();
    await running;
    await driver.untilReady();
    expect(await driver.notices.allTextContents()).toEqual([expect.stringContaining('Not sent')]);
    expect(await driver.listPrompts()).toEqual([`Hello ${SHORT}`, `Plan a weekend in Lisbon ${SLOW}`, 'Mine']);
    await driver.press('Try again');
    await driver.replies.nth(2).waitFor();
    await driver.untilReady();
    expect(await fixture.listPrompts(token, id)).toHaveLength(3);
  });

  it('sends a prompt to the chat that is being opened, and to no other one', async () => {
    const token = fixture.createToken('hasty');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token });
    await driver.titles.waitFor();
    const held = holdNext(driver, `**/chats/${id}`);
    await driver.titles.click();
    await driver.say(`Again ${SHORT}`);
    await held;
    await driver.page.reload();
    await driver.replies.waitFor();
    expect(await driver.prompt.inputValue()).toBe(`Again ${SHORT}`);
    // The person goes elsewhere before the chat is there.
    const left = holdNext(driver, `**/chats/${id}`);
    await driver.page.evaluate(`location.hash = ''`);
    await driver.titles.click();
    await driver.prompt.press('Enter');
    await left;
    await driver.page.evaluate(`location.hash = ''`);
    await driver.page.getByText('What would you like to know?').waitFor();
    const heldAgain = holdNext(driver, `**/chats/${id}`);
    await driver.titles.click();
    await driver.prompt.press('Enter');
    await (await heldAgain).continue();
    await driver.replies.nth(1).waitFor();
    await driver.untilReady();
    expect(await fixture.listPrompts(token, id)).toEqual([`Hello ${SHORT}`, `Again ${SHORT}`]);
    expect(await driver.titles.count()).toBe(1);
  });

  it('gives a prompt back that cannot be sent because its chat cannot be read, or answers already', async () => {
    const token = fixture.createToken('patient');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token });
    await driver.titles.waitFor();
    driver.allow(/ERR_FAILED/);
    await driver.page.route(`**/chats/${id}`, (route) => route.abort(), { times: 2 });
    await driver.titles.click();
    await driver.page.getByRole('alert').getByText('The service cannot be reached').waitFor();
    await driver.say('Mine');
    await driver.page.locator('#send.ready').waitFor();
    expect(await driver.prompt.inputValue()).toBe('Mine');
    const running = fixture.ask(token, `Plan a weekend in Lisbon ${SLOW}`, id);
    while ((await fixture.listPrompts(token, id)).length < 2) await wait(20);
    await driver.prompt.press('Enter');
    await driver.page.locator('#send[title=Stop]').waitFor();
    await running;
    await driver.untilReady();
    expect(await driver.prompt.inputValue()).toBe('Mine');
  });

  it('renames and deletes the chat that was open, after another one was opened', async () => {
    const token = fixture.createToken('switcher');
    for (const prompt of ['One', 'Two']) await fixture.ask(token, `${prompt} ${SHORT}`);
    const driver = await fixture.openPage({ token });
    const choose = async (title: string) => {
      await driver.titles.getByText(title).click();
      await driver.page.locator('#title').getByText(title).waitFor();
    };
    await choose('One');
    const renaming = holdNext(driver, `**/chats/${driver.chatId}`);
    await driver.press('Rename');
    await driver.page.getByLabel('Title of the chat').fill('Other');
    await driver.page.getByLabel('Title of the chat').press('Enter');
    const rename = await renaming;
    await choose('Two');
    const { chatId } = driver;
    await rename.continue();
    await driver.titles.getByText('Other').waitFor();
    expect(driver.chatId).toBe(chatId);
    await choose('Other');
    const removing = holdNext(driver, `**/chats/${driver.chatId}`);
    await driver.press('Delete');
    await driver.page.locator('#delete-confirm').click();
    const removal = await removing;
    await choose('Two');
    await removal.continue();
    await driver.titles.getByText('Other').waitFor({ state: 'detached' });
    expect(driver.chatId).toBe(chatId);
    await driver.press('Rename');
    await driver.page.getByLabel('Title of the chat').fill('Two by a click');
    await driver.prompt.click();
    await driver.titles.getByText('Two by a click').waitFor();
    expect(await driver.page.evaluate('document.activeElement.id')).toBe('prompt');
  });

  it('keeps an edit that is sent while a reply comes, and a text whose chat is deleted elsewhere', async () => {
    const token = fixture.createToken('busy-editor');
    const id = await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token, hash: `#${id}` });
    await driver.page.locator('.user').getByRole('button', { name: 'Edit' }).click();
    await driver.say(`Plan a weekend in Lisbon ${SLOW}`);
    const form = driver.page.locator('.edit textarea');
    await form.fill('A better text');
    await form.press('Enter');
    expect(await form.inputValue()).toBe('A better text');
    await driver.press('Stop');
    await driver.untilReady();
    await driver.prompt.fill('And then?');
    const tab = await fixture.openTab(driver);
    await tab.page.locator('#delete').click();
    await tab.page.locator('#delete-confirm').click();
    await driver.page.getByRole('alert').getByText('Chat not found').waitFor();
    await driver.page.getByText('What would you like to know?').waitFor();
    expect(await driver.prompt.inputValue()).toBe('A better text\n\nAnd then?');
  });

  it('takes a chat off the list that turns out to be gone', async () => {
    const driver = await fixture.openPage();
    const time = '2026-01-01T00:00:00.000Z';
    const chats = [{ id: 'gone', title: 'Gone', created_at: time, updated_at: time }];
    await driver.forge('**/chats?*', 'application/json', JSON.stringify({ chats }));
    await driver.page.reload();
    await driver.titles.click();
    await driver.page.getByRole('alert').getByText('Chat not found').waitFor();
    await driver.titles.waitFor({ state: 'detached' });
    expect(driver.chatId).toBe('');
    await driver.press('Close');
    await driver.page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  it('works behind a proxy that drops names with an underscore, and at an address that names no chat', async () => {
    const driver = await fixture.openPage({ hash: '#..' });
    await driver.page.route(/\/chat/, (route) => {
      const { id_token: _, ...headers } = route.request().headers();
      return route.continue({ headers });
    });
    // A tab whose storage is full keeps no text, and that is all.
    await driver.page.evaluate(
      `Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }`,
    );
    await driver.ask('Plan a weekend in Lisbon');
    await driver.replies.getByText('Alfama').waitFor();
    expect(driver.chatId).not.toBe('');
    await driver.prompt.fill('A draft');
    await driver.page.getByRole('link', { name: 'New chat' }).click();
    await driver.page.getByText('What would you like to know?').waitFor();
    expect(await driver.prompt.inputValue()).toBe('');
    await driver.page.goBack();
    await driver.replies.waitFor();
    expect(await driver.prompt.inputValue()).toBe('A draft');
  });

  it('opens by itself when it is looked at again, after the service could not be reached', async () => {
    const token = fixture.createToken('early');
    await fixture.ask(token, `Hello ${SHORT}`);
    const driver = await fixture.openPage({ token });
    await driver.titles.waitFor();
    driver.allow(/ERR_FAILED/);
    await driver.page.route('**/settings.json', (route) => route.abort(), { times: 1 });
    await driver.page.reload();
    await driver.page.getByRole('alert').getByText('The service cannot be reached').waitFor();
    await driver.lookAgain();
    await driver.titles.waitFor();
    await driver.page.locator('#user', { hasText: 'early' }).waitFor();
    await fixture.ask(token, `On another device ${SHORT}`);
    while ((await driver.titles.count()) < 2) {
      await wait(500);
      await driver.lookAgain();
    }
  });
});
