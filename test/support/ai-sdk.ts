import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as ai5 from 'ai-5';
import * as ai6 from 'ai';
import * as ai7 from 'ai-7';

/** The fields of the AI SDK's messages that the tests read. */
export interface UiMessage {
  readonly id: string;
  readonly role: string;
  readonly metadata?: {
    readonly chat: { readonly id: string; readonly [field: string]: unknown };
    readonly user_message_id?: string;
  };
  readonly parts: readonly { readonly type: string; readonly text?: string; readonly [field: string]: unknown }[];
}

/** The result of a turn in a front end. */
export interface UiTurn {
  readonly message: UiMessage | undefined;
  /** How many states of the message were read. */
  readonly states: number;
  /** The messages that `onError` of `readUIMessageStream` got. */
  readonly errors: readonly string[];
}

/** Sends a prompt as the default transport does. Without a chat, it opens a new one. */
type AskUi = (url: string, token: string, prompt: string, chatId?: string) => Promise<UiTurn>;

/** The versions differ in types only, as far as this code uses them. */
function asker({ DefaultChatTransport, readUIMessageStream }: typeof ai6): AskUi {
  return async (url, token, prompt, chatId = randomUUID()) => {
    const transport = new DefaultChatTransport({ api: `${url}/chat/stream`, headers: { id_token: token } });
    const stream = await transport.sendMessages({
      trigger: 'submit-message',
      chatId,
      messageId: undefined,
      messages: [{ id: randomUUID(), role: 'user', parts: [{ type: 'text', text: prompt }] }],
      abortSignal: undefined,
    });
    const errors: string[] = [];
    let message: UiMessage | undefined;
    let states = 0;
    const onError = (error: unknown) => void errors.push((error as Error).message);
    for await (const state of readUIMessageStream({ stream, onError })) {
      message = state as UiMessage;
      states += 1;
    }
    return { message, states, errors };
  };
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(`node_modules/${folder}/package.json`, 'utf8')) as { version: string }).version;
}

/** The installed versions of the AI SDK, each with its number. */
export const AI_SDKS: readonly (readonly [string, AskUi])[] = [
  [versionOf('ai-7'), asker(ai7 as unknown as typeof ai6)],
  [versionOf('ai'), asker(ai6)],
  [versionOf('ai-5'), asker(ai5 as unknown as typeof ai6)],
];
