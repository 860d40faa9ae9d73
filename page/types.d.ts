import type { components } from '../openapi.js';

// What the API sends.
type Schemas = components['schemas'];
export type ChatSummary = Schemas['ChatSummary'];
export type ChatList = Schemas['ChatList'];
export type StoredChat = Schemas['Chat'];
export type StoredMessage = Schemas['Message'];
export type MessagePage = Schemas['MessagePage'];
export type Citation = Schemas['Citation'];
/** An event of a stream. */
export type StreamPart = Schemas['StreamPart'];

/** What `page/settings.json` sends. */
export interface Settings {
  readonly agent: string;
  readonly prompt_max_length: number;
  readonly suggestions: readonly string[];
  readonly faults: readonly { readonly name: string; readonly directive: string }[];
  readonly token?: string;
}

/** A request for a turn. The key makes its repetition safe. */
export interface TurnRequest {
  readonly prompt: string;
  readonly key: string;
  /** The id of the chat that it opens if the page shows none. */
  readonly newChatId: string;
  /** The message whose turn is replaced, with all after it. */
  readonly replaceFrom?: string;
  /** Number of the newest turn when it was sent first. Its own turn has a greater one. */
  readonly after?: number;
}

/** Why a turn has no whole reply, for a notice under its last message. */
export interface Trouble {
  /**
   * `unsent`: the turn may not have begun, and the request can be repeated. The others are what is stored, and `limit`
   * is a partial reply whose agent has reached a limit.
   */
  readonly kind: 'unsent' | 'failed' | 'partial' | 'stopped' | 'limit';
  readonly error?: string;
  /** The `message` of an error, or when to try again. */
  readonly detail?: string;
  readonly status?: number;
}

/** A message of the conversation as the page shows it. */
export interface Entry {
  id?: string;
  readonly role: 'user' | 'assistant';
  content: string;
  citations: readonly Citation[];
  usage?: { readonly input: number; readonly output: number };
  /** `waiting`: no text yet; `streaming`: more text comes; else it is at rest. */
  phase: 'waiting' | 'streaming' | 'rest';
  trouble?: Trouble;
  /** The request of this tab that the entry came from. */
  request?: TurnRequest;
}

/** Hears what happens to the open chat, and to turns of chats that were left. */
export interface LiveListener {
  /** Another chat is shown, or this one has changed. */
  onChat(): void;
  /** The first prompt of a chat is being sent. */
  onOpening(chatId: string): void;
  /** It was refused, and has no chat. */
  onUnopened(): void;
  /** A turn has begun or ended. */
  onTurn(chat: ChatSummary): void;
  /** A prompt was not sent after its chat was left. Without an id, there is no chat. */
  onRefused(chatId: string | undefined, prompt: Entry): void;
  /** A turn has begun after its chat was left. */
  onBegun(chatId: string): void;
  /** It is not known whether a turn has begun, and its chat was left. With a prompt, nothing else leads to this chat. */
  onUncertain(chatId: string, prompt?: Entry): void;
  /** The connection was lost, and is tried again; without an error it is back. */
  onConnection(error?: unknown): void;
  /** `isBusy` or `isStopping` has changed. */
  onState(): void;
}
