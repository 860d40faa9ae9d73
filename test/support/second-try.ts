import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type OpenUiChat, textOf, type UiChat } from './ai-chat.js';
import { expectSame, loadMessages } from './anew-page.js';
import { stopTurn } from './live-turn-client.js';
import { tokenOf } from './tokens.js';

/** The service of a page. Its users have two places. */
interface PageService {
  readonly url: string;
  /** From now on no turn can begin, or all can again. */
  readonly refuse: (isRefused: boolean) => void;
}

/**
 * Lets a page try again after a 503 of the second prompt, and after a 409 and a 429 of the third one. The turns before stay.
 *
 * @returns the page, with turns 1, 2 and 4.
 */
export async function tryAgain(open: OpenUiChat, { url, refuse }: PageService): Promise<UiChat> {
  const token = tokenOf('alice');
  const chat = open(url, token);
  await chat.sendMessage({ text: 'one' });
  refuse(true);
  await chat.sendMessage({ text: 'two' });
  refuse(false);
  expect(chat.error?.message).toContain('Storage is unavailable');
  await chat.regenerate();
  expect(await expectSame(chat, url)).toEqual(['one 1', 'two 2']);

  const { id } = chat;
  const stopTab = await hold(url, open(url, token, { loaded: { id, messages: await loadMessages(url, id) } }));
  await chat.sendMessage({ text: 'three' });
  expect(chat.error?.message).toContain('A turn is already in progress');
  const stopOther = await hold(url, open(url, token));
  await chat.regenerate();
  expect(chat.error?.message).toContain('Too many requests');
  await Promise.all([stopTab(), stopOther()]);
  await chat.regenerate();
  expect(await expectSame(chat, url)).toEqual(['one 1', 'two 2', 'three 4']);
  return chat;
}

/** Begins a turn that does not end. @returns stops it. */
async function hold(url: string, tab: UiChat): Promise<() => Promise<void>> {
  const count = tab.messages.length;
  const holding = tab.sendMessage({ text: 'hold [[fault silence after=1]]' });
  while (tab.messages.length < count + 2 || textOf(tab.messages.at(-1)) === '') await wait(5);
  return async () => {
    // Its place is free once no turn runs.
    while ((await stopTurn(url, tab.id)) !== 204) await wait(100);
    await holding;
  };
}
