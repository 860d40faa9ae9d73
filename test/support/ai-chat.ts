import { randomUUID } from 'node:crypto';
import * as ai5 from 'ai-5';
import * as ai6 from 'ai';
import * as ai7 from 'ai-7';
import type { UiMessage } from './ai-sdk.js';
import { AI_SDKS } from './ai-sdk.js';
import { frontendStop } from './docs-snippet.js';

/** A chat of the AI SDK with its default transport. It is what `useChat` holds, without React. */
export interface UiChat {
  readonly id: string;
  readonly messages: readonly UiMessage[];
  readonly status: 'submitted' | 'streaming' | 'ready' | 'error';
  readonly error: Error | undefined;
  /** Resolves when the reply has ended, or its reading. With the id of a message it edits that message. */
  sendMessage(message: SentMessage): Promise<void>;
  /** By default of the last reply. */
  regenerate(options?: { readonly messageId: string }): Promise<void>;
  /** As `resume` of `useChat` does when a page is loaded. */
  resumeStream(): Promise<void>;
  /** Ends the reading alone. */
  stop(): Promise<void>;
  /** What the button Stop of docs/frontends.md does. */
  stopAgent(): Promise<void>;
}

interface SentMessage {
  readonly text: string;
  readonly messageId?: string;
  readonly files?: readonly { readonly type: 'file'; readonly mediaType: string; readonly url: string }[];
}

/** A file that a user may send. */
export const PNG = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' } as const;

/** What a page has loaded: the chat, and its messages. */
export interface LoadedChat {
  readonly id: string;
  readonly messages: readonly UiMessage[];
}

export interface UiChatOptions {
  readonly loaded?: LoadedChat;
  /** Sends the prompt alone, as docs/asking-anew.md does for long chats. */
  readonly prepareSendMessagesRequest?: unknown;
  /** Sends the header `supersede`, as docs/frontends.md does. */
  readonly supersedes?: boolean;
}

/** Opens a chat of a page. It is new, or loaded. */
export type OpenUiChat = (url: string, token: string, options?: UiChatOptions) => UiChat;
type Messages = ai6.UIMessage[];

/** The state of a chat, which a page would render. */
class PlainState implements ai6.ChatState<ai6.UIMessage> {
  status: ai6.ChatStatus = 'ready';
  error: Error | undefined;

  constructor(public messages: Messages) {}

  pushMessage = (message: ai6.UIMessage): void => {
    this.messages = [...this.messages, message];
  };
  popMessage = (): void => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index: number, message: ai6.UIMessage): void => {
    this.messages = this.messages.with(index, { ...message });
  };
  snapshot = <T>(thing: T): T => structuredClone(thing);
}

/** The versions differ in types only, as far as this code uses them. */
function opener({ AbstractChat, DefaultChatTransport }: typeof ai6): OpenUiChat {
  class PlainChat extends AbstractChat<ai6.UIMessage> {}
  return (url, token, { loaded, supersedes = false, ...options } = {}) => {
    const headers = { id_token: token, ...(supersedes && { supersede: 'true' }) };
    const chat = new PlainChat({
      id: loaded?.id ?? randomUUID(),
      transport: new DefaultChatTransport({ api: `${url}/chat/stream`, headers, ...(options as object) }),
      state: new PlainState([...(loaded?.messages ?? [])] as Messages),
    });
    const { id } = chat;
    const stopAgent = () =>
      frontendStop({ id, api: url, headers: () => headers, stop: chat.stop, fetch })() as Promise<void>;
    return Object.assign(chat, { stopAgent }) as unknown as UiChat;
  };
}

/** The installed versions of the AI SDK, each with its number. */
export const AI_CHATS: readonly (readonly [string, OpenUiChat])[] = [ai7, ai6, ai5].map((sdk, index) => [
  AI_SDKS[index]![0],
  opener(sdk as unknown as typeof ai6),
]);

/** The text of a message. */
export function textOf(message: UiMessage | undefined): string {
  return message?.parts.map(({ text = '' }) => text).join('') ?? '';
}

/** The messages of `GET /chats/{id}`, as a page loads them. */
export function toUiMessages(chatId: string, messages: readonly StoredMessage[]): UiMessage[] {
  return messages.map(({ id, role, content }) => ({
    id,
    role,
    parts: [{ type: 'text', text: content }],
    metadata: { chat: { id: chatId } },
  }));
}

interface StoredMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
}
