import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { listTurns } from '../support/anew-page.js';
import { describeInBrowser } from '../support/browser.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { readChat } from '../support/chat-client.js';
import { readHeads } from '../support/chat-items.js';
import { openPage, startBrowser } from '../support/chromium.js';
import { docsSnippet } from '../support/docs-snippet.js';
import { type FrontendPage, servePage } from '../support/frontend-page.js';
import { describeWithClient } from '../support/lambda/package.js';
import { type ServedPackage, servePackage } from '../support/lambda/served-package.js';
import { stopTurn } from '../support/live-turn-client.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

/** The address of the page says which service, user and chat. A chat that exists is loaded. */
const MOUNT_ASSISTANT_UI = `
import { createRoot } from 'react-dom/client';

const { api, token, chat, isLoaded } = Object.fromEntries(new URLSearchParams(location.search));
const load = async () => (await fetch(api + '/chats/' + chat, { headers: { id_token: token } })).json();
const stored = isLoaded ? (await load()).chat.messages : [];
const history = stored.map(({ id, role, content, status }) => ({
  id, role, parts: [{ type: 'text', text: content }], metadata: { status },
}));
createRoot(document.body.firstElementChild).render(<Kit {...{ api, idToken: token, id: chat, history }} />);
`;
const MOUNT_DEEP_CHAT = `
import 'deep-chat';

const { api, token } = Object.fromEntries(new URLSearchParams(location.search));
const element = document.createElement('deep-chat');
connect(element, { api, getToken: () => token });
document.body.append(element);
globalThis.element = element;
`;

/** As if the user had pasted an image. */
const PASTE_FILE = `(() => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
  const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
  document.querySelector('textarea:not([aria-hidden])').dispatchEvent(paste);
})()`;

/** A service behind the pages. */
interface Place {
  readonly url: string;
  /** From now on no turn can begin, or all can again. */
  readonly refuse: (isRefused: boolean) => void;
  /** Loads a page whose chat has a third turn that runs. Resolves when the page reads it. */
  readonly resume: (reload: () => Promise<unknown>) => Promise<unknown>;
}

/** The code of docs/ui-kits.md in Chromium, with the service on another origin. */
describeInBrowser('the UI kits', () => {
  let browser: Browser;
  let assistantUi: FrontendPage;
  let deepChat: FrontendPage;
  let app: ChatApp;
  let faults: StorageFaults;
  let page: Page;
  let user: string;
  let chat: string;
  let users = 0;

  beforeAll(async () => {
    browser = await startBrowser();
    assistantUi = await servePage(docsSnippet('docs/ui-kits.md', 'tsx') + MOUNT_ASSISTANT_UI);
    deepChat = await servePage(docsSnippet('docs/ui-kits.md', 'js') + MOUNT_DEEP_CHAT);
    app = await startChatApp(
      { CORS_ORIGINS: originsOf(assistantUi, deepChat), TURNS_AT_ONCE: '1' },
      { agent: { chunkBytes: 60 } },
    );
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
  });
  afterAll(async () => {
    await browser.close();
    faults.close();
    await Promise.all([app.close(), assistantUi.close(), deepChat.close()]);
  });
  beforeEach(async () => {
    page = await openPage(browser);
    // assistant-ui then shows a text at once, and not letter by letter.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    user = `kit-${(users += 1)}`;
    chat = `chat-of-${user}`;
  });
  afterEach(() => page.close());

  const originsOf = (...pages: FrontendPage[]) => pages.map(({ port }) => `http://127.0.0.1:${port}`).join();
  const open = (kit: FrontendPage, api: string, query: Record<string, string> = {}) => {
    const variables = new URLSearchParams({ api, token: tokenOf(user), chat, ...query });
    return page.goto(`http://127.0.0.1:${kit.port}/?${variables.toString()}`);
  };
  const answer = (number: number) => page.locator('.assistant').nth(number - 1);
  const prompt = (number: number) => page.locator('.user').nth(number - 1);
  const press = (place: Locator | Page, name: string) => place.getByRole('button', { name }).click();
  const say = async (text: string) => {
    await page.locator('textarea:visible').last().fill(text);
    await press(page, 'Send');
  };
  const edit = async (number: number, text: string) => {
    await press(prompt(number), 'Edit');
    await page.locator('textarea:visible').first().fill(text);
    await press(page, 'Update');
  };

  async function untilListed(url: string, turns: readonly string[], chatId = chat): Promise<void> {
    const list = () => listTurns(url, chatId, user).catch((): string[] => []);
    let found = await list();
    for (let looks = 0; looks < 200 && found.join() !== turns.join(); looks += 1) {
      await wait(50);
      found = await list();
    }
    expect(found).toEqual(turns);
  }

  /** What a page shows: each prompt, and each answer with its id. */
  const SHOWN = `JSON.stringify([...document.querySelectorAll('[data-message-id]')].map(({ className, dataset, textContent }) =>
    (className === 'user' ? '' : dataset.messageId + ' ') + textContent.replace(/(Edit|Regenerate)$/, '')))`;
  /** Waits until a chat has these turns, and the page shows the same, with the same ids of answers. */
  async function untilTurns(url: string, turns: readonly string[]): Promise<void> {
    await untilListed(url, turns);
    const { messages } = (await readChat(url, user, chat)).body.chat;
    const stored = messages.map(({ role, id, content }) => (role === 'user' ? content : `${id} ${content}`));
    await page.waitForFunction(`${SHOWN} === ${JSON.stringify(JSON.stringify(stored))}`);
  }

  /** The same steps in front of a service whose users have one place. */
  function askAnew(place: () => Place): void {
    it('have a page of assistant-ui that asks anew, before and after a reload', async () => {
      const { url } = place();
      const turns = (...expected: string[]) => untilTurns(url, expected);
      await open(assistantUi, url);
      await say('one');
      await turns('one 1');
      await say('two');
      await turns('one 1', 'two 2');
      await press(answer(2), 'Regenerate');
      await turns('one 1', 'two 3');
      await say('three');
      await turns('one 1', 'two 3', 'three 4');
      await press(answer(2), 'Regenerate');
      await turns('one 1', 'two 5');
      await edit(2, 'new two');
      await turns('one 1', 'new two 6');
      await edit(1, 'new one');
      await turns('new one 7');
      await say('next');
      await turns('new one 7', 'next 8');

      await open(assistantUi, url, { isLoaded: 'yes' });
      await turns('new one 7', 'next 8');
      await press(answer(2), 'Regenerate');
      await turns('new one 7', 'next 9');
      await edit(2, 'newer');
      await turns('new one 7', 'newer 10');
      await press(answer(1), 'Regenerate');
      await turns('new one 11');
      await edit(1, 'newest');
      await turns('newest 12');
    });

    it('have a page of assistant-ui that tries again, and keeps the turn before', async () => {
      const { url, refuse } = place();
      const turns = (...expected: string[]) => untilTurns(url, expected);
      await open(assistantUi, url);
      await say('one');
      await turns('one 1');
      const untilRefused = (text: string) => answer(2).getByText(text).waitFor();

      refuse(true);
      await say('two');
      await untilRefused('Storage is unavailable');
      refuse(false);
      await press(answer(2), 'Regenerate');
      await turns('one 1', 'two 2');

      // The only place of the user is taken by another chat.
      const held = await fetch(`${url}/chat/stream`, {
        method: 'POST',
        headers: { id_token: tokenOf(user), 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'hold [[fault silence after=1]]' }),
      });
      await edit(2, 'three');
      await untilRefused('Too many requests');
      expect(await listTurns(url, chat, user)).toEqual(['one 1', 'two 2']);
      expect(await stopTurn(url, held.headers.get('chat-id')!, user)).toBe(202);
      await held.text();
      await press(answer(2), 'Regenerate');
      await turns('one 1', 'three 3');

      // Another page stops the turn before its first word.
      await edit(2, 'four [[fault delay ms=600000]]');
      await untilListed(url, ['one 1', 'three 3', 'four [[fault delay ms=600000]] 4 pending']);
      expect(await stopTurn(url, chat, user)).toBe(202);
      await untilRefused('The turn was stopped');
      await edit(2, 'five');
      await turns('one 1', 'five 5');

      await edit(2, 'six [[fault torn after=2]]');
      await untilRefused('The agent failed');
      await edit(2, 'seven');
      await turns('one 1', 'seven 7');
    });

    it('have a page of assistant-ui that stops a turn, sends at once, resumes, and refuses a file', async () => {
      const { url, resume } = place();
      await open(assistantUi, url);
      await say('one [[fault silence after=2]]');
      await answer(1).getByText('You said').waitFor();
      await press(page, 'Stop');
      await say('two');
      await untilTurns(url, ['one [[fault silence after=2]] 1 stopped', 'two 2']);

      await say('three [[fault silence after=2]]');
      await answer(3).getByText('You said').waitFor();
      // The stored chat has no text of this answer yet.
      await resume(() => open(assistantUi, url, { isLoaded: 'yes' }));
      expect(await stopTurn(url, chat, user)).toBe(202);
      const stopped = (word: string, number: number) => `${word} [[fault silence after=2]] ${number} stopped`;
      await untilTurns(url, [stopped('one', 1), 'two 2', stopped('three', 3)]);

      await page.evaluate(PASTE_FILE);
      await say('What is this?');
      await answer(4).getByText('Attachments are not supported').waitFor();
      expect(await listTurns(url, chat, user)).toHaveLength(3);
    });
  }

  describe('in front of the server', () => {
    askAnew(() => ({
      url: app.url,
      refuse: (isRefused) => (isRefused ? faults.inject({ type: 'refused' }, { steps: ['begin'] }) : faults.clear()),
      resume: async (reload) => {
        await reload();
        await answer(3).getByText('You said').waitFor();
      },
    }));

    it('have a page of deep-chat that sends, stops, and says what failed', async () => {
      const submit = (text: string) => page.evaluate(`element.submitUserMessage({ text: ${JSON.stringify(text)} })`);
      await open(deepChat, app.url);
      await page.waitForFunction('element.submitUserMessage');
      await submit('one');
      await page.getByText('You said').first().waitFor();
      const [head] = await readHeads(app, user);
      await untilListed(app.url, ['one 1'], head!.id);
      const torn = 'two [[fault torn after=2]]';
      await submit(torn);
      await page.getByText('The agent failed').waitFor();
      const silent = 'three [[fault silence after=2]]';
      await submit(silent);
      await page.getByText('You said').nth(2).waitFor();
      await page.locator('#stop-icon').click();
      await untilListed(app.url, ['one 1', `${torn} 2 partial`, `${silent} 3 stopped`], head!.id);
    });
  });

  describeWithClient('in front of the package', () => {
    let served: ServedPackage;
    beforeAll(async () => {
      served = await servePackage({ CORS_ORIGINS: originsOf(assistantUi), TURNS_AT_ONCE: '1' });
    }, 180_000);
    afterAll(() => served.close());

    // Another function than its own shows a turn once it is stored.
    askAnew(() => ({ ...served, resume: (reload) => Promise.all([served.untilResumed(), reload()]) }));
  });
});
