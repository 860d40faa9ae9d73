import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AI_CHATS, textOf, type UiChat, type UiChatOptions } from '../support/ai-chat.js';
import { expectSame, listTurns, loadMessages } from '../support/anew-page.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { shortBody } from '../support/docs-snippet.js';
import { closeUnused } from '../support/live-turn-client.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { tokenOf } from '../support/tokens.js';

const token = tokenOf('alice');
const PNG = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' } as const;

/** The transport has an address and a token, and nothing else. The page keeps its own ids of the prompts that it sends. */
describe.each(AI_CHATS)('a page with the AI SDK %s', (_version, open) => {
  let app: ChatApp;
  /** Another process on the same table. */
  let unlimited: ChatApp;
  let faults: StorageFaults;
  beforeAll(async () => {
    app = await startChatApp({ TURNS_AT_ONCE: '1' });
    unlimited = await startChatApp({ AWS_ENDPOINT_URL_DYNAMODB: app.dynamoDb.endpoint });
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
  });
  afterAll(async () => {
    faults.close();
    for (const { nest } of [app, unlimited]) closeUnused(nest);
    await Promise.all([app.close(), unlimited.close()]);
  });

  const turnsOf = (chat: UiChat) => listTurns(app.url, chat.id);
  /** Opens a chat with a turn for each prompt. */
  async function begin(prompts: readonly string[], options: UiChatOptions = {}): Promise<UiChat> {
    const chat = open(app.url, token, options);
    for (const text of prompts) await chat.sendMessage({ text });
    await expectSame(chat, app.url);
    return chat;
  }
  async function untilReads(chat: UiChat, messages: number): Promise<void> {
    while (chat.messages.length < messages || textOf(chat.messages.at(-1)) === '') await wait(5);
  }
  const reload = async ({ id }: UiChat, options: UiChatOptions = {}) =>
    open(app.url, token, { ...options, loaded: { id, messages: await loadMessages(app.url, id) } });

  it('opens a chat by the id that the page has made, and goes on with it', async () => {
    const chat = await begin(['one', 'two']);
    expect(chat.messages[1]?.metadata?.chat.id).toBe(chat.id);
    expect(await turnsOf(chat)).toEqual(['one 1', 'two 2']);
    const [, call] = app.agent.invocations.slice(-2);
    expect(call?.prompt).toBe('two');
  });

  it.each<[string, (chat: UiChat) => Promise<void>, string[]]>([
    ['the last answer', (chat) => chat.regenerate(), ['one 1', 'two 2', 'three 4']],
    ['an earlier answer', (chat) => chat.regenerate({ messageId: chat.messages[3]!.id }), ['one 1', 'two 4']],
    ['the first answer', (chat) => chat.regenerate({ messageId: chat.messages[1]!.id }), ['one 4']],
    ['by an earlier prompt', (chat) => chat.regenerate({ messageId: chat.messages[2]!.id }), ['one 1', 'two 4']],
    ['by the first prompt', (chat) => chat.regenerate({ messageId: chat.messages[0]!.id }), ['one 4']],
  ])('regenerates %s, before and after a reload', async (_name, regenerate, turns) => {
    const sent = await begin(['one', 'two', 'three']);
    for (const chat of [sent, await reload(await begin(['one', 'two', 'three']))]) {
      await regenerate(chat);
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(turns);
      await chat.regenerate();
      await chat.sendMessage({ text: 'and now' });
      await expectSame(chat, app.url);
      const prompts = (all: string[]) => all.map((turn) => turn.replace(/ \d+$/, ''));
      expect(prompts(await turnsOf(chat))).toEqual([...prompts(turns), 'and now']);
    }
  });

  it.each<[string, number, string[]]>([
    ['the first', 0, ['new 4']],
    ['a middle', 2, ['one 1', 'new 4']],
    ['the last', 4, ['one 1', 'two 2', 'new 4']],
  ])('edits %s prompt, before and after a reload, and once more', async (_name, index, turns) => {
    const sent = await begin(['one', 'two', 'three']);
    for (const chat of [sent, await reload(await begin(['one', 'two', 'three']))]) {
      const { id: messageId } = chat.messages[index]!;
      await chat.sendMessage({ text: 'new', messageId });
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(turns);
      expect((await reload(chat)).messages.map(textOf)).toEqual(chat.messages.map(textOf));
      await chat.sendMessage({ text: 'newer', messageId });
      await expectSame(chat, app.url);
      expect((await turnsOf(chat)).at(-1)).toBe('newer 5');
    }
  });

  it('does the same with the short body', async () => {
    const options = { prepareSendMessagesRequest: shortBody() };
    const chat = await begin(['one', 'two', 'three'], options);
    await chat.regenerate({ messageId: chat.messages[3]!.id });
    await expectSame(chat, app.url);
    const reloaded = await reload(chat, options);
    await reloaded.sendMessage({ text: 'new', messageId: reloaded.messages[2]!.id });
    await expectSame(reloaded, app.url);
    expect(await turnsOf(chat)).toEqual(['one 1', 'new 5']);
    await reloaded.sendMessage({ text: 'first', messageId: reloaded.messages[0]!.id });
    expect(await turnsOf(chat)).toEqual(['first 6']);
  });

  describe('tries again', () => {
    it('after a 503, and keeps the turn before', async () => {
      const chat = await begin(['one']);
      faults.inject({ type: 'refused' }, { steps: ['begin'] });
      await chat.sendMessage({ text: 'two' });
      faults.clear();
      expect(chat.error?.message).toContain('Storage is unavailable');
      await chat.regenerate();
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 2']);
    });

    it('after a 429, and keeps the turn before', async () => {
      const chat = await begin(['one']);
      const held = open(app.url, token);
      const holding = held.sendMessage({ text: 'hold [[fault silence after=1]]' });
      await untilReads(held, 2);
      await chat.sendMessage({ text: 'two' });
      expect(chat.error?.message).toContain('Too many requests');
      await held.stopAgent();
      await holding;
      await chat.regenerate();
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 2']);
    });

    it('after a 409, and keeps the turn before', async () => {
      const chat = await begin(['one']);
      const tab = await reload(chat);
      const held = tab.sendMessage({ text: 'hold [[fault silence after=1]]' });
      await untilReads(tab, 4);
      const other = open(unlimited.url, token, { loaded: chat });
      await other.sendMessage({ text: 'two' });
      expect(other.error?.message).toContain('A turn is already in progress');
      await tab.stopAgent();
      await held;
      await other.regenerate();
      await expectSame(other, app.url);
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 3']);
    });

    it.each([
      ['before its first text', '[[fault stream-exception exception=ThrottlingException after=0]]', ' failed'],
      ['in the middle of its reply', '[[fault torn after=2]]', ' partial'],
    ])('after a second turn that failed %s, and replaces that one', async (_place, directive, status) => {
      const chat = await begin(['one']);
      await chat.sendMessage({ text: `two ${directive}` });
      expect(chat.status).toBe('error');
      expect(await turnsOf(chat)).toEqual(['one 1', `two ${directive} 2${status}`]);
      const { id: messageId } = chat.messages[2]!;
      await chat.sendMessage({ text: 'two', messageId });
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 3']);
    });

    it('and keeps what is there if that fails too', async () => {
      const chat = await begin(['one', 'two']);
      faults.inject({ type: 'refused' }, { steps: ['begin'] });
      await chat.regenerate();
      faults.clear();
      expect(chat.status).toBe('error');
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 2']);
      await chat.regenerate();
      await expectSame(chat, app.url);
      expect(await turnsOf(chat)).toEqual(['one 1', 'two 3']);
    });
  });

  it('gets the reason if it sends a file, and sends the text alone then', async () => {
    const chat = await begin(['one']);
    await chat.sendMessage({ text: 'What is this?', files: [PNG] });
    expect(chat.error?.message).toContain('Attachments are not supported');
    await chat.sendMessage({ text: 'What is this?', messageId: chat.messages[2]!.id });
    await expectSame(chat, app.url);
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
