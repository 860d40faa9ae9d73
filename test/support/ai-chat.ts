import * as ai5 from 'ai-5';
import * as ai6 from 'ai';
import * as ai7 from 'ai-7';
import type { UiMessage } from './ai-sdk.js';
import { AI_SDKS } from './ai-sdk.js';
import { frontendStop, frontendTransport } from './docs-snippet.js';

/** A chat of the AI SDK, with the code of docs/frontends.md around it. It is what `useChat` holds, without React. */
export interface UiChat {
  readonly messages: readonly UiMessage[];
  readonly status: 'submitted' | 'streaming' | 'ready' | 'error';
  readonly error: Error | undefined;
  /** Resolves when the reply has ended, or its reading. */
  sendMessage(message: { readonly text: string }): Promise<void>;
  /** As `resume` of `useChat` does when a page is loaded. */
  resumeStream(): Promise<void>;
  /** What the button Stop of the page does. */
  stopAgent(): Promise<void>;
}

/** What a page has loaded: the chat, and its messages. */
interface LoadedChat {
  readonly id: string;
  readonly messages: readonly UiMessage[];
}

type OpenUiChat = (url: string, token: string, loaded?: LoadedChat) => UiChat;
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
  return (url, token, loaded) => {
    const newestToken = { current: token };
    const textOf = ({ parts }: UiMessage) => parts.map(({ text = '' }) => text).join('');
    const transport = frontendTransport({ DefaultChatTransport, api: url, newestToken, textOf });
    const chat = new PlainChat({
      ...(loaded && { id: loaded.id }),
      transport: transport as ai6.ChatTransport<ai6.UIMessage>,
      state: new PlainState([...(loaded?.messages ?? [])] as Messages),
    });
    const stopAgent = () =>
      frontendStop({ messages: chat.messages, api: url, newestToken, stop: chat.stop, fetch })() as Promise<void>;
    return Object.assign(chat, { stopAgent }) as unknown as UiChat;
  };
}

/** The installed versions of the AI SDK, each with its number. */
export const AI_CHATS: readonly (readonly [string, OpenUiChat])[] = [ai7, ai6, ai5].map((sdk, index) => [
  AI_SDKS[index]![0],
  opener(sdk as unknown as typeof ai6),
]);
