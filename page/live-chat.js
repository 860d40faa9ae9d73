/** @import { Api } from './api.js' */
/** @import { MessageList } from './message-list.js' */
/** @import { Outbox } from './outbox.js' */
/** @import { ChatSummary, Entry, LiveListener, StoredChat, StreamPart, TurnRequest } from './types.js' */
import { isGone, isInProgress, IN_PROGRESS } from './api.js';
import { announce } from './dom.js';
import { createId, findMessage, isUnsent, toEntry, toNewestNumber, toUncertain } from './entries.js';
import { NOT_REPLACED } from './notices.js';
import { ShownChat } from './shown-chat.js';
import { readTurn } from './turn-connection.js';
import { toTrouble, TurnReader } from './turn-reader.js';
import { stopTurn } from './turn-stop.js';

/** Reads the open chat from the service, and runs its turns. */
export class LiveChat {
  /** The turn that is being read. @type {TurnReader | undefined} */
  turn;
  isBusy = false;
  isStopping = false;
  isClosed = false;
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

  /** The page goes. What is under way stays in the outbox. */
  close() {
    this.isClosed = true;
    this.leaving.abort();
  }

  /** Shows no chat. */
  leave() {
    this.isClosed = false;
    this.leaving.abort();
    this.leaving = new AbortController();
    this.setBusy(false);
    this.shown.clear();
    this.listener.onChat();
  }

  /**
   * @param {string} id
   * @param {object} [options]
   * @param {readonly TurnRequest[]} [options.open] - requests of which it is not known whether they have arrived.
   * @param {boolean} [options.isWhole] - older messages are read again if one scrolls up.
   */
  async load(id, { open = [], isWhole = false } = {}) {
    const { signal } = this.leaving;
    const chat = await this.api.readChat(id, signal).catch((error) => {
      // The first of them opens the chat.
      if (!isGone(error) || open.length === 0) throw error;
    });
    if (signal.aborted || this.isBusy) return;
    this.shown.id = id;
    for (const request of open) this.shown.append(toUncertain(request));
    if (chat) this.show(chat, { isWhole });
    if (chat?.running) void this.follow();
  }

  /** Reads the chat again, for what another tab or device has changed. @param {{ isWhole?: boolean }} [options] */
  async refresh(options) {
    if (this.shown.chat === undefined || this.isBusy) return;
    await this.load(this.shown.chat.id, options);
  }

  async stop() {
    const { id } = this.shown;
    const { turn } = this;
    if (turn === undefined || this.isStopping || id === undefined) return;
    this.isStopping = true;
    this.listener.onState();
    try {
      await stopTurn(this.api, id, turn);
    } catch (error) {
      if (this.turn !== turn) return;
      this.isStopping = false;
      this.listener.onState();
      throw error;
    }
  }

  /** @param {TurnRequest} given @param {boolean} [supersede] */
  async run(given, supersede = false) {
    if (this.isBusy) return;
    const { signal } = this.leaving;
    const { shown } = this;
    // Until the service has told of the chat, each request may be the one that opens it.
    const isNew = shown.chat === undefined;
    const chatId = shown.id ?? given.newChatId;
    const newest = toNewestNumber(shown.entries);
    const request = { after: newest, ...given };
    const endWait = this.outbox.put(chatId, request);
    this.setBusy(true);
    if (shown.id === undefined) this.listener.onOpening(chatId);
    shown.id = chatId;
    const hidden = shown.hide(request.replaceFrom);
    const isAgain = hidden.some(({ id, content }) => id === request.replaceFrom && content === request.prompt);
    const prompt = toEntry({ role: 'user', content: request.prompt, request });
    const reply = toEntry({ role: 'assistant', phase: 'waiting', request });
    shown.append(prompt, reply);
    announce('The agent is answering');
    const turn = new TurnReader(prompt, reply);
    turn.onBegin = endWait;
    await this.read(turn, async () => {
      if (turn.hasStarted) return this.api.follow(chatId, signal);
      try {
        const { parts, turnId } = await this.api.ask(request, { chatId, isNew, supersede, signal });
        if (turnId !== undefined) turn.begin(turnId);
        return parts;
      } catch (error) {
        // With an id, the turn that runs has the key of this request.
        if (!isInProgress(error) || error.turnId === undefined) throw error;
        turn.begin(error.turnId);
        return this.api.follow(chatId, signal);
      }
    });
    if (signal.aborted) return this.isClosed || this.hearLate({ turn, request, isNew, isAgain, chatId });
    if (!turn.isUncertain) endWait();
    if (hidden.length > 0) await this.restoreUnreplaced(turn, hidden);
    // Its place may be further up, or what it replaces.
    const isElsewhere = turn.isRepeated || turn.isMissed || (request.replaceFrom !== undefined && hidden.length === 0);
    const isAnotherFirst = isNew && prompt.trouble?.error === IN_PROGRESS;
    // Other turns may have come before it.
    const hasOthers = toNewestNumber([reply]) > newest + 1;
    const isWhole = isElsewhere || isAnotherFirst;
    if (isWhole || hasOthers) await this.refresh({ isWhole }).catch(() => undefined);
    // The request is sent again with the next token.
    const { status, error } = prompt.trouble ?? {};
    if (status === 401 && (await this.api.session.renew(error)) && !signal.aborted) await this.send(prompt);
  }

  /**
   * A turn has begun, or was refused, after its chat was left.
   *
   * @param {{ turn: TurnReader, request: TurnRequest, isNew: boolean, isAgain: boolean, chatId: string }} end
   */
  hearLate({ turn, request: { key }, isNew, isAgain, chatId }) {
    const isWaiting = this.outbox.list(chatId).some((request) => request.key === key);
    // The chat may be open again, and may show the prompt as uncertain, or may have sent it once more.
    const again = this.shown.id === chatId ? this.shown.entries.filter(({ request }) => request?.key === key) : [];
    const isRepeated = again.some((entry) => !isUnsent(entry));
    // Nothing leads to a chat that was never opened.
    const place = isNew && this.outbox.list(chatId).every((request) => request.key === key) ? undefined : chatId;
    if (turn.isUncertain && place !== undefined) return this.listener.onUncertain(chatId);
    if (!isRepeated) this.outbox.drop(chatId, key);
    if (!isRepeated) for (const entry of again) this.shown.remove(entry);
    if (turn.isUncertain) return isWaiting && this.listener.onUncertain(chatId, turn.prompt);
    if (!isUnsent(turn.prompt)) return this.listener.onBegun(chatId);
    // A request for another reply has no text of its own.
    if (isWaiting && !isRepeated && !isAgain) this.listener.onRefused(place, turn.prompt);
  }

  /** Sends the request of a prompt that was not sent. @param {Entry} prompt @param {boolean} [supersede] */
  async send(prompt, supersede) {
    if (this.isBusy || prompt.request === undefined) return;
    this.shown.remove(prompt);
    await this.run(prompt.request, supersede);
  }

  /** As long as there is no reply, nothing is replaced. @param {TurnReader} turn @param {Entry[]} hidden */
  async restoreUnreplaced({ prompt, reply }, hidden) {
    if (reply.content !== '' || !this.shown.entries.includes(prompt)) return;
    // Its own messages may be among them.
    this.shown.restore(
      hidden.filter(({ id }) => id !== prompt.id),
      prompt,
    );
    // If the request was refused, another tab or device may have changed the chat.
    if (isUnsent(prompt)) await this.refresh().catch(() => undefined);
    if (prompt.trouble?.error !== NOT_REPLACED) return;
    const { replaceFrom: _, ...request } = /** @type {TurnRequest} */ (prompt.request);
    prompt.request = { ...request, key: createId() };
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
      onLost: (error) => this.listener.onConnection(error),
    });
    turn.isLeft = signal.aborted;
    if (signal.aborted) return;
    // The first turn of a chat may have begun, and have failed before its stream.
    const hasChat = !isUnsent(turn.prompt) || turn.prompt.trouble?.error === IN_PROGRESS;
    if (this.shown.chat === undefined && hasChat) await this.readAgain(signal).catch(() => undefined);
    if (!signal.aborted) this.settle(turn, hasChat);
  }

  /** What is stored is the end of a turn. @param {TurnReader} turn @param {AbortSignal} signal */
  async readStored({ prompt, reply }, signal) {
    const chat = await this.readAgain(signal);
    for (const entry of [prompt, reply]) this.shown.remove(entry);
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

  /** @param {TurnReader} turn @param {boolean} hasChat */
  settle(turn, hasChat) {
    const { shown } = this;
    const { prompt, reply } = turn;
    this.removeStored(turn);
    if (reply.content === '') shown.remove(reply);
    for (const entry of [prompt, reply]) shown.update(entry);
    const others = shown.entries.filter((entry) => isUnsent(entry) && entry !== prompt && entry.trouble?.status === 0);
    if (!hasChat && prompt.trouble?.status !== 0 && shown.chat === undefined && others.length === 0) {
      shown.id = undefined;
      this.listener.onUnopened();
    }
    this.setBusy(false);
    if (shown.chat !== undefined) this.listener.onTurn(shown.chat);
    announce(toTrouble(prompt, reply)?.error ?? 'The answer is complete');
  }

  /** A repeated request may have run before, and its messages may be shown already. @param {TurnReader} turn */
  removeStored(turn) {
    if (!this.shown.entries.includes(turn.prompt)) return;
    for (const entry of [turn.prompt, turn.reply]) turn.isRepeated = this.shown.removeOthers(entry) || turn.isRepeated;
  }

  /** Shows what is stored. Prompts that have arrived are no longer uncertain. @param {StoredChat} chat @param {{ isWhole?: boolean }} [options] */
  show(chat, { isWhole = false } = {}) {
    this.adopt(chat);
    for (const { request, trouble } of this.shown.entries.filter(isUnsent)) {
      if (request === undefined || trouble?.status !== 0 || findMessage(chat, request) === undefined) continue;
      this.outbox.drop(chat.id, request.key);
      this.shown.removeRequest(request.key);
    }
    if (isWhole) this.shown.forgetOlder();
    this.shown.merge(chat);
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
