/** @import { Api } from './api.js' */
/** @import { MessageList } from './message-list.js' */
/** @import { Outbox } from './outbox.js' */
/** @import { ChatSummary, Entry, OpenRequest, StreamPart, TurnRequest } from './types.js' */
import { isGone, isInProgress } from './api.js';
import { announce } from './dom.js';
import { isUnsent, toEntry } from './entries.js';
import { ShownChat } from './shown-chat.js';
import { readTurn } from './turn-connection.js';
import { toTrouble, TurnReader } from './turn-reader.js';

/** Milliseconds before a stop is sent again that came before its turn: at first, and at most. */
const STOP_DELAY = { first: 300, most: 3000 };

/**
 * Reads the open chat from the service, and runs its turns.
 *
 * @typedef {object} LiveListener
 * @property {() => void} onChat - another chat is shown, or this one has changed.
 * @property {(chatId: string) => void} onOpening - the first prompt of a chat is being sent.
 * @property {() => void} onUnopened - it was refused, and has no chat.
 * @property {(chat: ChatSummary) => void} onTurn - a turn has begun or ended.
 * @property {(chatId: string, prompt: Entry) => void} onRefused - a prompt was not sent after its chat was left.
 * @property {(chatId: string) => void} onBegun - a turn has begun after its chat was left.
 * @property {(error?: unknown) => void} onConnection - it was lost, and is tried again; without an error it is back.
 * @property {() => void} onState - `isBusy` or `isStopping` has changed.
 */
export class LiveChat {
  /** The turn that is being read. @type {TurnReader | undefined} */
  turn;
  isBusy = false;
  isStopping = false;
  /** Ends what still runs for the chat that was shown before. */
  leaving = new AbortController();

  /** @param {Api} api @param {Outbox} outbox @param {MessageList} view @param {LiveListener} listener */
  constructor(api, outbox, view, listener) {
    this.api = api;
    this.outbox = outbox;
    this.view = view;
    this.listener = listener;
    this.shown = new ShownChat(view);
  }

  /** Ends what still runs for this chat on the page. A turn goes on. */
  close() {
    this.leaving.abort();
  }

  /** Shows no chat. */
  leave() {
    this.close();
    this.leaving = new AbortController();
    this.setBusy(false);
    this.shown.clear();
    this.listener.onChat();
  }

  /** @param {string} id @param {OpenRequest} [open] - the request that the chat still has to send. */
  async load(id, open) {
    const { signal } = this.leaving;
    const chat = await this.api.readChat(id, signal).catch((error) => {
      // The request opens the chat.
      if (!isGone(error) || open === undefined) throw error;
    });
    if (signal.aborted || this.isBusy) return;
    this.shown.id = id;
    if (chat) this.adopt(chat);
    if (chat) this.shown.merge(chat);
    if (open && !open.isLost) void this.run(open.request);
    else if (chat?.running) void this.follow();
    if (open?.isLost) this.shown.append(toLost(open.request));
  }

  /** Reads the chat again, for what another tab or device has changed. */
  async refresh() {
    if (this.shown.chat !== undefined && !this.isBusy) await this.load(this.shown.chat.id);
  }

  async stop() {
    const { id } = this.shown;
    const { turn } = this;
    if (turn === undefined || this.isStopping || id === undefined) return;
    this.isStopping = true;
    this.listener.onState();
    try {
      // The turn may not have begun yet, also if its chat is left meanwhile.
      for (let delay = STOP_DELAY.first; !turn.isOver; delay = Math.min(2 * delay, STOP_DELAY.most)) {
        const { isLeft } = turn;
        if ((await this.api.stop(id, turn.reply.id)) || isLeft) return;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    } catch (error) {
      if (this.turn !== turn) return;
      this.isStopping = false;
      this.listener.onState();
      throw error;
    }
  }

  /** @param {TurnRequest} request @param {boolean} [supersede] */
  async run(request, supersede = false) {
    if (this.isBusy) return;
    const { signal } = this.leaving;
    const { shown } = this;
    // Until the service has told of the chat, each request may be the one that opens it.
    const isNew = shown.chat === undefined;
    const chatId = shown.id ?? request.newChatId;
    const endWait = this.outbox.put(chatId, request);
    this.setBusy(true);
    if (shown.id === undefined) this.listener.onOpening(chatId);
    shown.id = chatId;
    const hidden = shown.hide(request.replaceFrom);
    const prompt = toEntry({ role: 'user', content: request.prompt, request });
    const reply = toEntry({ role: 'assistant', phase: 'waiting', request });
    shown.append(prompt, reply);
    announce('The agent is answering');
    const turn = new TurnReader(prompt, reply);
    turn.onBegin = endWait;
    let isAccepted = false;
    await this.read(turn, async () => {
      // A lost connection may have been lost before the service had the request. Its key makes the repetition safe.
      if (turn.hasStarted) return this.api.follow(chatId, signal);
      try {
        const parts = await this.api.ask(request, { chatId, isNew, supersede, signal });
        isAccepted = true;
        return parts;
      } catch (error) {
        // With an id, the turn that runs has the key of this request.
        if (!isInProgress(error) || error.turnId === undefined) throw error;
        turn.begin(error.turnId);
        return this.api.follow(chatId, signal);
      }
    });
    const isRefused = isUnsent(prompt) && prompt.trouble?.status !== 0;
    if (signal.aborted) {
      const hasBegun = isAccepted || turn.hasStarted;
      const isOver = hasBegun || isRefused ? endWait() : false;
      if (hasBegun) this.listener.onBegun(chatId);
      else if (isOver) this.listener.onRefused(chatId, prompt);
      return;
    }
    endWait(isUnsent(prompt) && !isRefused);
    if (hidden.length > 0) await this.restoreUnreplaced(turn, hidden);
    // Its place may be further up.
    if (turn.isRepeated) await this.refresh().catch(() => undefined);
    // The request is sent again with the next token.
    const { status, error } = prompt.trouble ?? {};
    if (status === 401 && (await this.api.renew(error)) && !signal.aborted) await this.repeat(prompt);
  }

  /** Repeats the request of a prompt that may not have arrived. @param {Entry} prompt @param {boolean} [supersede] */
  async repeat(prompt, supersede) {
    if (this.isBusy || prompt.request === undefined) return;
    this.shown.remove(prompt);
    await this.run(prompt.request, supersede);
  }

  /** As long as there is no reply, nothing is replaced. @param {TurnReader} turn @param {Entry[]} hidden */
  async restoreUnreplaced({ prompt, reply }, hidden) {
    if (reply.content !== '' || !this.shown.entries.includes(prompt)) return;
    this.shown.restore(hidden, prompt);
    // If the request was refused, another tab or device may have changed the chat.
    if (!isUnsent(prompt)) return;
    await this.refresh().catch(() => undefined);
    const { replaceFrom, ...request } = /** @type {TurnRequest} */ (prompt.request);
    if (this.shown.entries.every(({ id }) => id !== replaceFrom)) prompt.request = request;
  }

  /** Follows the turn that runs in this chat. Another tab or device has begun it, or this page before it was loaded again. */
  async follow() {
    const { id, entries } = this.shown;
    const prompt = entries.findLast((entry) => !isUnsent(entry));
    if (id === undefined || prompt === undefined || this.isBusy) return;
    const { signal } = this.leaving;
    this.setBusy(true);
    const reply = toEntry({ role: 'assistant', phase: 'waiting' });
    this.shown.show([...entries.filter((e) => !isUnsent(e)), reply, ...entries.filter(isUnsent)], this.shown.cursor);
    const turn = new TurnReader(prompt, reply);
    turn.hasStarted = true;
    await this.read(turn, () => this.api.follow(id, signal));
    if (!signal.aborted) await this.refresh().catch(() => undefined);
  }

  /** @param {TurnReader} turn @param {Parameters<typeof readTurn>[1]['connect']} connect */
  async read(turn, connect) {
    const { signal } = this.leaving;
    this.turn = turn;
    await readTurn(turn, {
      connect,
      signal,
      readStored: () => this.readStored(turn, signal),
      onPart: (part) => this.take(turn, part),
      onLost: this.listener.onConnection,
    });
    turn.isLeft = signal.aborted;
    if (signal.aborted) return;
    // The first turn of a chat may have begun, and have failed before its stream.
    if (this.shown.chat === undefined && !isUnsent(turn.prompt)) await this.readAgain(signal).catch(() => undefined);
    if (!signal.aborted) this.settle(turn);
  }

  /** What is stored is the end of a turn. @param {TurnReader} turn @param {AbortSignal} signal */
  async readStored({ reply }, signal) {
    const chat = await this.readAgain(signal);
    this.shown.remove(reply);
    this.shown.merge(chat);
  }

  /** @param {AbortSignal} signal */
  async readAgain(signal) {
    const chat = await this.api.readChat(String(this.shown.id), signal);
    this.listener.onConnection();
    this.adopt(chat);
    return chat;
  }

  /** @param {TurnReader} turn @param {StreamPart} part */
  take(turn, part) {
    turn.take(part);
    this.listener.onConnection();
    if (part.type === 'start') this.removeStored(turn);
    if (part.type === 'text-delta') this.view.grow(turn.reply);
    if (!('messageMetadata' in part) || part.messageMetadata === undefined) return;
    this.adopt(part.messageMetadata.chat);
    this.listener.onTurn(part.messageMetadata.chat);
  }

  /** @param {TurnReader} turn */
  settle(turn) {
    const { shown } = this;
    const { prompt, reply } = turn;
    this.removeStored(turn);
    if (reply.content === '') shown.remove(reply);
    for (const entry of [prompt, reply]) shown.update(entry);
    const isRefused = isUnsent(prompt) && prompt.trouble?.status !== 0;
    if (isRefused && shown.chat === undefined) {
      shown.id = undefined;
      this.listener.onUnopened();
    }
    this.setBusy(false);
    if (shown.chat !== undefined) this.listener.onTurn(shown.chat);
    announce(toTrouble(prompt, reply)?.error ?? 'The answer is complete');
  }

  /** A repeated request may have run before, and its messages may be shown already. @param {TurnReader} turn */
  removeStored(turn) {
    for (const entry of [turn.prompt, turn.reply]) turn.isRepeated = this.shown.removeOthers(entry) || turn.isRepeated;
  }

  /** @param {ChatSummary} chat */
  adopt(chat) {
    this.shown.adopt(chat);
    this.listener.onChat();
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    this.isBusy = isBusy;
    if (!isBusy) this.isStopping = false;
    if (!isBusy) this.turn = undefined;
    this.view.setBusy(isBusy);
    this.listener.onState();
  }
}

/** A prompt whose connection was lost before the page was left. @param {TurnRequest} request */
function toLost(request) {
  const error = 'The service cannot be reached';
  return toEntry({ role: 'user', content: request.prompt, request, trouble: { kind: 'unsent', status: 0, error } });
}
