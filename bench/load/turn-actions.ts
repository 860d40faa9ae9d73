import { parseStream } from '../../test/support/ui-stream.js';
import type { KnownChat } from './known-chat.js';
import type { Answer, Call } from './load-client.js';
import type { LoadUser } from './load-user.js';
import {
  acceptReply,
  addChat,
  checkLast,
  checkShown,
  parseAnswer,
  readChatId,
  readReply,
  sendTurn,
  toCall,
} from './turn-calls.js';
import { demand } from './wrong-answer.js';

interface TurnOptions {
  readonly chat?: KnownChat | undefined;
  readonly prompt?: string;
  readonly key?: string | undefined;
  readonly kind?: string;
  /** Another turn of the chat may be running. */
  readonly mayBeBusy?: boolean;
}

/** Sends a turn, and compares its response with the whole chat. @returns the chat. */
export async function runTurn(user: LoadUser, options: TurnOptions = {}): Promise<KnownChat> {
  const { chat, prompt = user.writePrompt(), key } = options;
  const { mayBeBusy = chat?.hasDoubt ?? false, kind = chat ? 'turn' : 'new chat' } = options;
  const answer = await sendTurn(user, { chat, prompt, key, kind, mayBeBusy, path: '/chat' });
  const { known, messages, isTail } = acceptReply(user, { answer, chat, prompt, key });
  known.reconcile(messages, { isTail });
  return known;
}

/** Streams a turn. @returns the chat. */
export async function streamTurn(user: LoadUser, options: TurnOptions = {}): Promise<KnownChat> {
  const { chat, prompt = user.writePrompt(), key, mayBeBusy = chat?.hasDoubt ?? false, kind = 'stream' } = options;
  const answer = await sendTurn(user, { chat, prompt, key, kind, mayBeBusy, path: '/chat/stream' });
  const stream = parseAnswer(answer);
  const evidence = { user: user.name, prompt, answer };
  const outline = stream.outline.filter((type) => !type.startsWith('source-')).join();
  demand(outline === 'start,text-start,text-delta,text-end,finish', 'a stream is not whole', evidence);
  demand(stream.isDone && stream.events.at(-1)?.['finishReason'] === 'stop', 'a stream has a wrong end', evidence);
  const known = chat ?? addChat(user, { id: readChatId(stream), prompt, key });
  demand(readChatId(stream) === known.id, 'a stream is of another chat', evidence);
  known.acknowledge(prompt, stream.text);
  return known;
}

/** Disconnects in the middle of a stream. Then it reads the chat, or sends the next turn. */
export async function leaveStream(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  const prompt = user.writePrompt();
  chat?.expectTurn(prompt);
  if (!chat) user.lostOpenings.add(prompt);
  const text = await user.client.leaveStream(toCall(user, { chat, prompt, path: '/chat/stream' }));
  if (text === '') return;
  const id = readChatId(parseStream(200, new Headers({ 'content-type': 'text/event-stream' }), text));
  const known = chat ?? addChat(user, { id, prompt });
  demand(known.id === id, 'a stream is of another chat', { prompt, text });
  known.markBegun(prompt);
  await (user.random() < 0.5 ? user.settle(known) : runTurn(user, { chat: known, mayBeBusy: true }));
}

/** Disconnects before the response, and repeats the request with the same key. The turn must be there once. */
export async function leaveTurn(user: LoadUser): Promise<void> {
  const chat = user.random() < 0.7 ? user.pickChat() : undefined;
  const prompt = user.writePrompt();
  const key = user.nextKey();
  chat?.expectTurn(prompt, key);
  if (!chat) user.lostOpenings.add(prompt);
  await user.client.leaveAfter(user.random() * 60, toCall(user, { chat, prompt, key, path: '/chat' }));
  await runTurn(user, { chat, prompt, key, mayBeBusy: true, kind: 'repetition' });
}

/** Repeats a turn that is complete, with its key. */
export async function repeatTurn(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  const keyed = chat && user.pick(chat.keyedTurns.slice(-8));
  if (!keyed) return void (await runTurn(user, { key: user.nextKey() }));
  const { prompt, key, reply } = keyed;
  const foreseen = chat.replay(prompt, key) as { replay?: string };
  demand(foreseen.replay === reply, 'the model has another reply', { foreseen, reply });
  if (user.random() < 0.2) {
    const call = toCall(user, { chat, prompt: user.writePrompt(), key, path: '/chat' });
    const { error } = await user.sendFor(422, { ...call, kind: 'repetition' });
    demand(error === 'Idempotency-Key was used with another request', 'a wrong 422', { error });
    return;
  }
  const isStream = user.random() < 0.5;
  const path = isStream ? '/chat/stream' : '/chat';
  const answer = await user.client.send({ ...toCall(user, { chat, prompt, key, path }), kind: 'repetition' });
  const evidence = { user: user.name, prompt, answer };
  demand(answer.status === 200, 'a repetition is refused', evidence);
  demand(answer.headers.get('idempotency-replayed') === 'true', 'a repetition is no replay', evidence);
  if (isStream) {
    const stream = parseAnswer(answer);
    demand(stream.isDone && stream.text === reply && readChatId(stream) === chat.id, 'a wrong replay', evidence);
    return;
  }
  const { messages, isTail, text } = readReply(answer, user.name);
  demand(text === reply, 'a wrong replay', evidence);
  chat.reconcile(messages, { isTail });
}

/** Sends a turn twice at once, with one key. One of the two runs it. */
export async function doubleTurn(user: LoadUser): Promise<void> {
  const chat = user.random() < 0.5 ? user.pickChat() : undefined;
  const turn = { chat, prompt: user.writePrompt(), key: user.nextKey(), path: '/chat' };
  const mayBeBusy = chat?.hasDoubt ?? false;
  chat?.expectTurn(turn.prompt, turn.key);
  if (!chat) user.lostOpenings.add(turn.prompt);
  const call = { ...toCall(user, turn), kind: 'repetition' };
  const answers = await sendAll(user, [call, call]);
  const good = answers.filter(({ status }) => status === 200);
  const isPlausible = answers.every(({ status }) => status === 200 || status === 409);
  demand(isPlausible && (good.length > 0 || mayBeBusy), 'two requests with one key fail', { turn, answers });
  const runs = good.filter(({ headers }) => !headers.has('idempotency-replayed'));
  demand(runs.length <= 1, 'a turn with a key has run twice', { turn, answers });
  let known = chat;
  for (const answer of good) {
    const accepted = acceptReply(user, { answer, ...turn, chat: known });
    known = accepted.known;
    known.reconcile(accepted.messages, { isTail: accepted.isTail });
  }
  if (known) await user.settle(known);
}

/** Sends two different turns of a chat at once. */
export async function raceTurns(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  if (!chat) return void (await runTurn(user));
  const mayBeBusy = chat.hasDoubt;
  const prompts = [user.writePrompt(), user.writePrompt()];
  for (const prompt of prompts) chat.expectTurn(prompt);
  const calls = prompts.map((prompt) => ({ ...toCall(user, { chat, prompt, path: '/chat' }), kind: 'turn' }));
  const answers = await sendAll(user, calls);
  const isPlausible = answers.every(({ status }) => status === 200 || status === 409);
  const isOneGood = answers.some(({ status }) => status === 200);
  demand(isPlausible && (isOneGood || mayBeBusy), 'two turns at once fail', { prompts, answers });
  for (const [index, answer] of answers.entries()) {
    const prompt = prompts[index] ?? '';
    if (answer.status === 409) chat.forgetTurn(prompt);
    else checkLast(readReply(answer, user.name), prompt);
  }
  await user.settle(chat);
  for (const prompt of prompts) {
    const isRight = chat.isAcknowledged(prompt) === (answers[prompts.indexOf(prompt)]?.status === 200);
    demand(isRight, 'an acknowledged turn is lost', { prompt, answers });
  }
}

/** Reads a chat while its turn runs. */
export async function readMeanwhile(user: LoadUser): Promise<void> {
  const chat = user.pickChat();
  if (!chat) return void (await runTurn(user));
  const prompt = user.writePrompt();
  const mayBeBusy = chat.hasDoubt;
  const turn = sendTurn(user, { chat, prompt, kind: 'turn', mayBeBusy, path: '/chat' });
  const read = user.get('read', `/chats/${chat.id}`);
  await Promise.allSettled([turn, read]);
  // The read first: what it shows is older than the response of the turn.
  checkShown(user, chat, (await read).chat);
  const { messages, isTail } = acceptReply(user, { answer: await turn, chat, prompt });
  chat.reconcile(messages, { isTail });
}

/** Waits for both before it throws, so that nothing of an action goes on behind it. */
async function sendAll(user: LoadUser, calls: readonly Call[]): Promise<Answer[]> {
  const sent = calls.map((call) => user.client.send(call));
  await Promise.allSettled(sent);
  return Promise.all(sent);
}
