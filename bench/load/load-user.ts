import { setTimeout as wait } from 'node:timers/promises';
import type { ShownChat, ShownMessage } from '../../test/support/chat-client.js';
import { tokenOf } from '../measured-server.js';
import { KnownChat } from './known-chat.js';
import type { Answer, Call, LoadClient } from './load-client.js';
import { demand, RefusedError } from './wrong-answer.js';

/** How long a client repeats a request while another turn of the chat runs. */
const PATIENCE_MILLISECONDS = 60_000;
const REPEAT_MILLISECONDS = 40;
/** The list follows the table within a second. A busy machine gets more. */
const LIST_DELAY_MILLISECONDS = 5_000;
const MESSAGES_OF_PAGE = 100;

export interface ChatBody extends ShownChat {
  readonly user_id: string;
  readonly title: string;
  readonly updated_at: string;
}

/** The fields of all responses. */
export interface AnswerBody {
  readonly response?: string;
  readonly chat?: ChatBody;
  readonly chats?: readonly ChatBody[];
  readonly messages?: readonly ShownMessage[];
  readonly next_cursor?: string;
  readonly error?: string;
}

/** One user with all that the user has sent, and all that the service has acknowledged. */
export class LoadUser {
  readonly chats = new Map<string, KnownChat>();
  /** Chats that are deleted for certain, and when. */
  readonly deleted = new Map<string, number>();
  /** Chats that nothing is known about: an error came in the middle of their end. */
  readonly limbo = new Set<string>();
  /** First prompts of chats whose id was never received. */
  readonly lostOpenings = new Set<string>();
  private sent = 0;
  private keys = 0;

  constructor(
    readonly name: string,
    readonly random: () => number,
    public client: LoadClient,
  ) {}

  get headers(): Record<string, string> {
    return { id_token: tokenOf(this.name), 'content-type': 'application/json' };
  }

  /** A prompt that no other turn has, of a random length. */
  writePrompt(): string {
    this.sent += 1;
    const words = 'alpha beta gämma δέλτα 🙂 '.repeat(1 + Math.floor(this.random() ** 6 * 200)).trim();
    return `[${this.name}.${this.sent}] ${words}`;
  }

  nextKey(): string {
    this.keys += 1;
    return `${this.name}-key-${this.keys}`;
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.random() * values.length)];
  }

  pickChat(): KnownChat | undefined {
    return this.pick([...this.chats.values()]);
  }

  /** Sends a request with this user's token. @throws WrongAnswerError if it gets another status. */
  async get(kind: string, path: string): Promise<AnswerBody> {
    return this.sendFor(200, { kind, method: 'GET', path });
  }

  /** @throws WrongAnswerError if the response has another status. */
  async sendFor(status: number, call: Call): Promise<AnswerBody> {
    const answer = await this.client.send({ headers: this.headers, ...call });
    demand(answer.status === status, `not ${status}`, { user: this.name, call, answer });
    return status === 204 ? {} : (JSON.parse(answer.text) as AnswerBody);
  }

  /** Repeats a request while another turn runs, if one may be running. */
  async sendPatiently(mayBeBusy: boolean, call: Call): Promise<Answer> {
    const start = performance.now();
    for (;;) {
      const answer = await this.client.send({ headers: this.headers, ...call });
      if (answer.status !== 409) return answer;
      demand(answer.text === '{"error":"A turn is already in progress"}', 'a wrong 409', { call, answer });
      demand(answer.headers.has('retry-after'), 'Retry-After is missing', { call, answer });
      demand(mayBeBusy, 'a chat without a running turn is busy', { user: this.name, call, answer });
      demand(performance.now() - start < PATIENCE_MILLISECONDS, 'a chat stays busy', { user: this.name, call });
      await wait(REPEAT_MILLISECONDS);
    }
  }

  /** Reads the whole history page by page. */
  async readHistory(id: string, limit: number, kind = 'page'): Promise<ShownMessage[]> {
    const messages: ShownMessage[] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await this.get(kind, `/chats/${id}/messages?limit=${limit}${query}`);
      demand(page.messages !== undefined, 'a page without messages', { id, page });
      messages.unshift(...page.messages);
      cursor = page.next_cursor;
    }
    return messages;
  }

  /** Reads a chat until no turn of it is pending. */
  async settle(chat: KnownChat): Promise<void> {
    const start = performance.now();
    for (;;) {
      const messages = await this.readHistory(chat.id, MESSAGES_OF_PAGE);
      const isRunning = KnownChat.isRunning(messages) && performance.now() - start < PATIENCE_MILLISECONDS;
      chat.reconcile(messages, { isSettled: !isRunning });
      if (!isRunning) return;
      await wait(REPEAT_MILLISECONDS);
    }
  }

  /** Reads the whole list and compares it with the known chats. */
  async checkList(limit: number): Promise<ChatBody[]> {
    const start = performance.now();
    const listed: ChatBody[] = [];
    let cursor: string | undefined = '';
    while (cursor !== undefined) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await this.get('list', `/chats?limit=${limit}${query}`);
      demand(page.chats !== undefined, 'a list without chats', { page });
      listed.push(...page.chats);
      cursor = page.next_cursor;
    }
    const isFresh = (at: number | undefined) => at !== undefined && start - at < LIST_DELAY_MILLISECONDS;
    for (const { id, user_id: owner, title } of listed) {
      const chat = this.chats.get(id);
      demand(owner === this.name, 'a foreign chat is listed', { user: this.name, id, owner });
      if (this.limbo.has(id) || isFresh(chat?.changedAt) || isFresh(this.deleted.get(id))) continue;
      demand(chat !== undefined || this.lostOpenings.size > 0, 'a chat is listed that is not known', {
        user: this.name,
        id,
        title,
        wasDeleted: this.deleted.has(id),
      });
      const isTitleRight = chat?.title === undefined || chat.title === title;
      demand(isTitleRight, 'a wrong title is listed', { id, title, expected: chat?.title });
    }
    const ids = listed.map(({ id }) => id);
    const isStill = ![...this.chats.values()].some((chat) => chat.hasDoubt || isFresh(chat.changedAt));
    demand(!isStill || new Set(ids).size === ids.length, 'a chat is listed twice', { ids });
    for (const chat of this.chats.values()) {
      const mayBeAbsent = isFresh(chat.changedAt) || chat.hasDoubt;
      demand(mayBeAbsent || ids.includes(chat.id), 'a chat is not listed', { user: this.name, id: chat.id, ids });
    }
    return listed;
  }

  /** Reads every chat after the load, and compares it with all that was acknowledged. */
  async verify(onWrong: (error: unknown) => void): Promise<void> {
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> =>
      repeatRefused(work).catch((error: unknown) => {
        onWrong(error);
        return undefined;
      });
    for (const chat of this.chats.values()) await attempt(() => this.settle(chat));
    const listed = await attempt(() => this.checkList(MESSAGES_OF_PAGE));
    for (const { id } of listed ?? []) {
      if (!this.chats.has(id) && !this.limbo.has(id) && !this.deleted.has(id)) await attempt(() => this.adopt(id));
    }
    for (const id of this.deleted.keys()) {
      await attempt(() => this.sendFor(404, { kind: 'deleted chat', method: 'GET', path: `/chats/${id}` }));
    }
  }

  /** A chat whose id was never received may have one turn. */
  private async adopt(id: string): Promise<void> {
    const messages = await this.readHistory(id, MESSAGES_OF_PAGE);
    const prompt = messages[0]?.content ?? '';
    demand(this.lostOpenings.delete(prompt), 'a chat is listed that nobody has opened', {
      user: this.name,
      id,
      messages,
    });
    const chat = new KnownChat(id, prompt);
    chat.expectTurn(prompt);
    this.chats.set(id, chat);
    await this.settle(chat);
  }
}

/** The checks after the load wait until the service is less busy. */
async function repeatRefused<T>(work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RefusedError) || performance.now() - start > PATIENCE_MILLISECONDS) throw error;
      await wait(REPEAT_MILLISECONDS);
    }
  }
}
