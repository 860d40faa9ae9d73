import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AI_CHATS, PNG, type UiChat, type UiChatOptions } from '../support/ai-chat.js';
import { expectSame, listTurns, loadMessages } from '../support/anew-page.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { shortBody } from '../support/docs-snippet.js';
import { closeUnused } from '../support/live-turn-client.js';
import { tryAgain } from '../support/second-try.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

const token = tokenOf('alice');

let app: ChatApp;
let faults: StorageFaults;
beforeAll(async () => {
  app = await startChatApp({ TURNS_AT_ONCE: '2' }, { agent: { chunkBytes: 60 } });
  faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
});
afterAll(async () => {
  faults.close();
  closeUnused(app.nest);
  await app.close();
});

/** The transport has an address and a token, and nothing else. The page keeps its own ids of the prompts that it sends. */
describe.each(AI_CHATS)('a page with the AI SDK %s', (_version, open) => {
  const turnsOf = (chat: UiChat) => listTurns(app.url, chat.id);
  /** Opens a chat with a turn for each prompt. */
  async function begin(prompts: readonly string[], options: UiChatOptions = {}): Promise<UiChat> {
    const chat = open(app.url, token, options);
    for (const text of prompts) await chat.sendMessage({ text });
    expect(await expectSame(chat, app.url)).toEqual(prompts.map((prompt, index) => `${prompt} ${index + 1}`));
    return chat;
  }
  const reload = async ({ id }: Pick<UiChat, 'id'>, options: UiChatOptions = {}) =>
    open(app.url, token, { ...options, loaded: { id, messages: await loadMessages(app.url, id) } });

  const idAt = (chat: UiChat, index: number) => chat.messages[index]!.id;
  const edit = (chat: UiChat, index: number, text: string) => chat.sendMessage({ text, messageId: idAt(chat, index) });
  const regenerate = (chat: UiChat, index: number) => chat.regenerate({ messageId: idAt(chat, index) });
  type Step = readonly [string, (chat: UiChat) => Promise<void>, string];
  /** What a user does in a chat of three turns, and the turns after it. Messages 0, 2 and 4 are prompts. */
  const BEFORE_RELOAD: readonly Step[] = [
    ['regenerates the last answer', (chat) => chat.regenerate(), 'one 1, two 2, three 4'],
    ['edits the last prompt', (chat) => edit(chat, 4, 'last'), 'one 1, two 2, last 5'],
    ['regenerates an earlier answer', (chat) => regenerate(chat, 3), 'one 1, two 6'],
    ['goes on', (chat) => chat.sendMessage({ text: 'three' }), 'one 1, two 6, three 7'],
    ['regenerates by an earlier prompt', (chat) => regenerate(chat, 2), 'one 1, two 8'],
    ['edits a middle prompt', (chat) => edit(chat, 2, 'new'), 'one 1, new 9'],
    ['edits it once more', (chat) => edit(chat, 2, 'newer'), 'one 1, newer 10'],
    ['regenerates the first answer', (chat) => regenerate(chat, 1), 'one 11'],
    ['regenerates by the first prompt', (chat) => regenerate(chat, 0), 'one 12'],
    ['edits the first prompt', (chat) => edit(chat, 0, 'start'), 'start 13'],
  ];
  const AFTER_RELOAD: readonly Step[] = [
    ['regenerates an earlier answer', (chat) => regenerate(chat, 3), 'one 1, two 4'],
    ['regenerates by the last prompt', (chat) => regenerate(chat, 2), 'one 1, two 5'],
    ['edits a middle prompt', (chat) => edit(chat, 2, 'new'), 'one 1, new 6'],
    ['regenerates the first answer', (chat) => regenerate(chat, 1), 'one 7'],
    ['edits the first prompt', (chat) => edit(chat, 0, 'start'), 'start 8'],
  ];

  async function follow(chat: UiChat, steps: readonly Step[]): Promise<void> {
    for (const [name, act, turns] of steps) {
      await act(chat);
      expect([name, (await expectSame(chat, app.url)).join(', ')]).toEqual([name, turns]);
    }
  }

  it('tries again after a 503, a 409 and a 429, and keeps the turn before', async () => {
    const refuse = (isRefused: boolean) =>
      isRefused ? faults.inject({ type: 'refused' }, { steps: ['begin'] }) : faults.clear();
    await tryAgain(open, { url: app.url, refuse });
  });

  // The versions differ in little, so one of them has the whole list.
  if (open !== AI_CHATS[0]?.[1]) {
    it('sends, regenerates and edits, before and after a reload', async () => {
      const chat = await begin(['one', 'two', 'three']);
      await follow(chat, BEFORE_RELOAD.slice(0, 3));
      const reloaded = await reload(chat, { prepareSendMessagesRequest: shortBody() });
      await edit(reloaded, 2, 'new');
      expect(await expectSame(reloaded, app.url)).toEqual(['one 1', 'new 7']);
    });
    return;
  }

  it('opens a chat by an id of its own, goes on with it, and asks anew', async () => {
    const chat = await begin(['one', 'two', 'three']);
    expect(chat.messages[1]?.metadata?.chat.id).toBe(chat.id);
    await follow(chat, BEFORE_RELOAD);
  });

  it('asks anew after a reload', async () => {
    const { id } = await begin(['one', 'two', 'three']);
    for (const step of AFTER_RELOAD) await follow(await reload({ id }), [step]);
  });

  it('does the same with the short body', async () => {
    const options = { prepareSendMessagesRequest: shortBody() };
    const chat = await begin(['one', 'two'], options);
    await regenerate(chat, 3);
    await expectSame(chat, app.url);
    const reloaded = await reload(chat, options);
    await edit(reloaded, 2, 'new');
    expect(await expectSame(reloaded, app.url)).toEqual(['one 1', 'new 4']);
    await edit(reloaded, 0, 'first');
    expect(await turnsOf(chat)).toEqual(['first 5']);
  });

  it('tries again after a turn that failed, and replaces that one alone', async () => {
    const chat = await begin(['one']);
    const early = 'two [[fault stream-exception exception=ThrottlingException after=0]]';
    await chat.sendMessage({ text: early });
    expect([chat.status, await turnsOf(chat)]).toEqual(['error', ['one 1', `${early} 2 failed`]]);
    app.agent.enqueue({ type: 'torn', afterChunks: 2 });
    await edit(chat, 2, 'two');
    expect([chat.status, await turnsOf(chat)]).toEqual(['error', ['one 1', 'two 3 partial']]);
    await chat.regenerate();
    expect(await expectSame(chat, app.url)).toEqual(['one 1', 'two 4']);
    // A new turn that does not begin changes nothing.
    faults.inject({ type: 'refused' }, { steps: ['begin'] });
    await chat.regenerate();
    faults.clear();
    expect([chat.status, await turnsOf(chat)]).toEqual(['error', ['one 1', 'two 4']]);
  });

  it('gets the reason if it sends a file, and sends the text alone then', async () => {
    const chat = await begin(['one']);
    await chat.sendMessage({ text: 'What is this?', files: [PNG] });
    expect(chat.error?.message).toContain('Attachments are not supported');
    await edit(chat, 2, 'What is this?');
    expect(await expectSame(chat, app.url)).toEqual(['one 1', 'What is this? 2']);
  });

  it('has a chat that outgrows 1 MiB, and goes on with the short body', async () => {
    const chat = await begin(['one']);
    const large = { id: 'large', role: 'assistant', parts: [{ type: 'text', text: 'x'.repeat(1024 * 1024) }] };
    const loaded = { id: chat.id, messages: [...(await loadMessages(app.url, chat.id)), large] };
    const full = open(app.url, token, { loaded });
    await full.sendMessage({ text: 'two' });
    expect(full.error?.message).toContain('Request body is too large');
    const short = open(app.url, token, { loaded, prepareSendMessagesRequest: shortBody() });
    await short.sendMessage({ text: 'two' });
    expect([short.status, await turnsOf(chat)]).toEqual(['ready', ['one 1', 'two 2']]);
  });

  it('does not open a chat again that was deleted', async () => {
    const chat = await begin(['one']);
    await app.remove(chat.id).expect(204);
    await chat.sendMessage({ text: 'two' });
    expect(chat.error?.message).toContain('Chat not found');
  });
});
