import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AI_CHATS, PNG } from '../support/ai-chat.js';
import { expectSame, loadMessages } from '../support/anew-page.js';
import { askTurn, readChat } from '../support/chat-client.js';
import { shortBody } from '../support/docs-snippet.js';
import { describeWithClient } from '../support/lambda/package.js';
import { type ServedPackage, servePackage } from '../support/lambda/served-package.js';
import { resumeTurn, stopTurn } from '../support/live-turn-client.js';
import { tryAgain } from '../support/second-try.js';
import { tokenOf } from '../support/tokens.js';
import { readStream, WHOLE } from '../support/ui-stream.js';

const STOPPED = ['start', 'text-start', 'text-delta', 'text-end', 'abort', 'finish'];

describeWithClient('the functions of the package', () => {
  let served: ServedPackage;
  let url = '';
  beforeAll(async () => {
    served = await servePackage({ TURNS_AT_ONCE: '2' });
    ({ url } = served);
  }, 180_000);
  afterAll(() => served.close());

  const stored = async (chatId: string, user = 'alice') => (await readChat(url, user, chatId)).body.chat;

  it('let the AI SDK stop before and after the first word, and send at once', async () => {
    const [sdk, open] = AI_CHATS[0]!;
    const chat = open(url, tokenOf('alice'), { supersedes: true });
    await chat.sendMessage({ text: 'Hello' });
    const chatId = chat.id;
    for (const directive of ['delay ms=600000', 'silence after=2']) {
      const count = chat.messages.length;
      const reading = chat.sendMessage({ text: `Tell me [[fault ${directive}]]` });
      if (directive.startsWith('delay')) while ((await stored(chatId)).messages.length === count) await wait(20);
      else while (chat.messages.length < count + 2) await wait(20);
      const begun = performance.now();
      await chat.stopAgent();
      await reading;
      await chat.sendMessage({ text: 'And now?' });
      process.stderr.write(
        `AI SDK ${sdk}: the next reply ended ${Math.round(performance.now() - begun)} ms after Stop\n`,
      );
      expect([chat.status, chat.error]).toEqual(['ready', undefined]);
    }
    const statuses = (await stored(chatId)).messages.map(({ status }) => status);
    const done = [undefined, undefined];
    expect(statuses).toEqual([...done, 'stopped', ...done, undefined, 'stopped', ...done]);
  });

  it.each(AI_CHATS)('let the AI SDK %s try again, regenerate and edit, before and after a reload', async (_, open) => {
    const chat = await tryAgain(open, served);
    const idAt = (index: number) => chat.messages[index]!.id;
    await chat.regenerate({ messageId: idAt(2) });
    await chat.sendMessage({ text: 'new', messageId: idAt(2) });
    expect(await expectSame(chat, url)).toEqual(['one 1', 'new 6']);
    await chat.regenerate({ messageId: idAt(1) });
    await chat.sendMessage({ text: 'start', messageId: idAt(0) });
    await chat.sendMessage({ text: 'next' });
    expect(await expectSame(chat, url)).toEqual(['start 8', 'next 9']);

    const { id } = chat;
    const reload = async (options = {}) =>
      open(url, tokenOf('alice'), { ...options, loaded: { id, messages: await loadMessages(url, id) } });
    const reloaded = await reload();
    await reloaded.resumeStream();
    await reloaded.regenerate();
    expect(await expectSame(reloaded, url)).toEqual(['start 8', 'next 10']);
    await reloaded.sendMessage({ text: 'What is this?', files: [PNG] });
    expect(reloaded.error?.message).toContain('Attachments are not supported');
    const short = await reload({ prepareSendMessagesRequest: shortBody() });
    await short.sendMessage({ text: 'newer', messageId: short.messages[2]!.id });
    expect(await expectSame(short, url)).toEqual(['start 8', 'newer 11']);
  });

  const open = async (user: string) => (await readStream(url, { prompt: 'first' }, { user })).headers.get('chat-id')!;
  const callsOf = (prompt: string) => served.agent.invocations.filter((call) => call.prompt === prompt);
  const untilAsked = async (prompt: string) => {
    while (callsOf(prompt).length === 0) await wait(5);
  };

  it('stop a turn with a whole response that runs in another one', async () => {
    const chatId = await open('carol');
    const prompt = 'stop me whole [[fault silence after=2]]';
    const running = askTurn(url, 'carol', { prompt, chat_id: chatId });
    await untilAsked(prompt);
    expect(await stopTurn(url, chatId, 'carol')).toBe(202);
    expect(await running).toMatchObject({ status: 409, text: '{"error":"The turn was stopped"}' });
    expect(await stopTurn(url, chatId, 'carol')).toBe(204);
  });

  it('stop a stream of another one, or supersede it with the last place that the user has', async () => {
    const user = 'dave';
    const chats = [await open(user), await open(user)] as const;
    const prompts = ['leave me [[fault silence after=2]]', 'stop me [[fault silence after=2]]'] as const;
    const streams = prompts.map((prompt, index) => readStream(url, { prompt, chat_id: chats[index] }, { user }));
    await Promise.all(prompts.map(untilAsked));
    const body = { prompt: 'next', chat_id: chats[0] };
    expect((await readStream(url, body, { user })).status).toBe(429);
    const next = await readStream(url, body, { user, headers: { supersede: 'true' } });
    expect([next.status, next.outline]).toEqual([200, WHOLE]);
    const begun = performance.now();
    expect(await stopTurn(url, chats[1], user)).toBe(202);
    const ends = await Promise.all(streams);
    process.stderr.write(`A stop by another function took ${Math.round(performance.now() - begun)} ms\n`);
    for (const [index, { outline, events, text, isDone }] of ends.entries()) {
      expect([outline, events.at(-1)?.['finishReason'], isDone]).toEqual([STOPPED, 'other', true]);
      expect(callsOf(prompts[index]!)).toMatchObject([{ outcome: 'left' }]);
      expect((await stored(chats[index]!, user)).messages[3]).toMatchObject({ content: text, status: 'stopped' });
    }
  });

  it('resume a stream of another one once it is stored', async () => {
    const chatId = await open('erin');
    const prompt = 'again [[fault chunks bytes=60000 pause=500]]';
    const running = readStream(url, { prompt, chat_id: chatId }, { user: 'erin' });
    await untilAsked(prompt);
    const resumed = await resumeTurn(url, chatId, 'erin');
    const { text, events } = await running;
    expect([resumed.outline, resumed.text]).toEqual([WHOLE, text]);
    expect(resumed.events[0]?.messageId).toBe(events[0]?.messageId);
    expect(await resumeTurn(url, chatId, 'erin')).toMatchObject({ status: 204, raw: '' });
  });
});
