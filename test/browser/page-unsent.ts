import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { holdNext, refuseNext } from '../support/page-driver.js';
import { type PageFixture, SHORT } from '../support/page-fixture.js';

const LOOK_AGAIN = `document.dispatchEvent(new Event('visibilitychange'))`;

/** Tests of texts that a person has written, and that were not sent. */
export function testUnsent(fixture: PageFixture): void {
  it('sends the first prompt of a chat once, whenever the page is loaded again', async () => {
    const token = fixture.createToken('reloader');
    const driver = await fixture.openPage({ token });
    const lost = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend [[fault delay ms=600000]]');
    await lost;
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

  it('follows the first turn of a chat if its connection was lost before the reply', async () => {
    const token = fixture.createToken('cut-off');
    const driver = await fixture.openPage({ token });
    driver.allow(/ERR_FAILED/);
    const sent = holdNext(driver, '**/chat/stream');
    await driver.say('Plan a weekend in Lisbon [[fault delay ms=1500]]');
    const route = await sent;
    const running = fixture.repeat(route.request());
    const { chatId } = driver;
    while ((await fixture.listPrompts(token, chatId)).length === 0) await wait(20);
    await route.abort();
    await driver.notices.getByText('The service cannot be reached').waitFor();
    // There is no chat that the page knows of.
    expect(driver.chatId).toBe('');
    await driver.press('Try again');
    await driver.replies.getByText('Alfama').waitFor();
    await Promise.all([driver.untilReady(), running]);
    expect([driver.chatId, await driver.listPrompts()]).toEqual([chatId, await fixture.listPrompts(token, chatId)]);
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
}
