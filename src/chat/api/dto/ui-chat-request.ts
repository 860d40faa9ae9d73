import { BODY_LIMITS, type BodyLimits, type RouteBodyLimits } from '../../../http/body/body-limits.js';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { findLengthFault, findTextFault, requireNoFault } from '../../../http/validation.js';
import { isChatId } from '../../model/chat-id.js';
import { parseMessageId } from '../../model/turn-ids.js';
import type { PromptRequest } from './chat-request.js';

/**
 * The body that the transport of the AI SDK sends, from version 5.0.100 on. Its other fields are ignored.
 * `message` and `after` are its short form, for chats whose messages take more bytes than a body may have.
 */
export interface UiChatRequest {
  readonly id: unknown;
  /** The messages that the page shows. The last one is the prompt. */
  readonly messages?: unknown;
  /** The prompt alone. */
  readonly message?: unknown;
  /** Id of the message before the prompt. */
  readonly after?: unknown;
  readonly trigger?: unknown;
  readonly messageId?: unknown;
}

/** A message of the AI SDK, as far as it is read. */
export interface UiMessage {
  readonly id?: unknown;
  readonly role: unknown;
  readonly parts: unknown;
}

/** A part of a message of the AI SDK, as far as it is read. */
export interface UiPart {
  readonly type: unknown;
  readonly text?: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** All messages of a chat are sent with each prompt, and their parts may nest deeper than our own fields. */
const UI_BODY_LIMITS: BodyLimits = { maxBytes: 1024 * 1024, maxDepth: 64 };

/** The limits of a route that takes this body beside our own, which keeps its limits. */
export const STREAM_BODY_LIMITS: RouteBodyLimits = {
  ...UI_BODY_LIMITS,
  ofBody: (body) => (isUiChatRequest(body) ? UI_BODY_LIMITS : BODY_LIMITS),
};

/** Whether a body is the AI SDK's. A body with `prompt` is our own, whatever else it has. */
export function isUiChatRequest(body: unknown): body is UiChatRequest {
  const { messages, message } = toFields(body);
  const hasMessages = isGiven(messages) || isGiven(message);
  return hasMessages && !Object.hasOwn(toFields(body), 'prompt');
}

/**
 * Converts the body of the AI SDK. Its messages before the prompt say where the turn stands in the history: behind the newest
 * of them that the chat has. A new answer to an earlier prompt replaces the turns after it. An ordinary prompt replaces nothing.
 *
 * @param promptMaxLength - in Unicode code points.
 * @throws InvalidRequestError
 */
export function toUiPromptRequest(body: UiChatRequest, promptMaxLength: number): PromptRequest {
  const messages = isGiven(body.messages) ? toList(body.messages) : [body.message];
  const prompt = parsePrompt(messages.at(-1), promptMaxLength);
  const chatId = parseChatId(body.id);
  const isAskedAnew = body.trigger === 'regenerate-message' || isGiven(body.messageId);
  const request = { prompt, chatId, isNamed: true };
  if (!isAskedAnew) return request;
  if (!isGiven(body.messages)) {
    // A page that sends one id has the visible turns before it too.
    const numbers = isGiven(body.after) ? [parseAfter(chatId, body.after)] : [];
    return { ...request, replacement: { kind: 'after', numbers, orOlder: true } };
  }
  const numbers = listIds(messages.slice(0, -1)).flatMap((id) => parseMessageId(chatId, id)?.number ?? []);
  return { ...request, replacement: { kind: 'after', numbers: [...new Set(numbers.toReversed())] } };
}

function parsePrompt(message: unknown, maxLength: number): string {
  const { role, parts } = toFields(message);
  if (role !== 'user') throw new InvalidRequestError(`Field 'messages' is invalid`);
  const all = toList(parts).map(toFields);
  if (all.some(({ type }) => type === 'file')) throw new InvalidRequestError('Attachments are not supported');
  const texts = all.flatMap(({ type, text }) => (type === 'text' && isGiven(text) && text !== '' ? [text] : []));
  const isText = texts.every((text) => typeof text === 'string');
  const prompt = isText ? texts.join('\n\n') : '';
  requireNoFault('prompt', isText ? findTextFault(prompt) : 'must be a string');
  requireNoFault('prompt', findLengthFault(prompt, maxLength));
  return prompt;
}

function parseChatId(id: unknown): string {
  if (!isGiven(id)) throw new InvalidRequestError(`Field 'id' is required`);
  if (typeof id !== 'string' || !isChatId(id)) throw new InvalidRequestError(`Field 'id' is invalid`);
  return id;
}

/** An id that the chat cannot have would replace all its turns, so it is refused. */
function parseAfter(chatId: string, after: unknown): number {
  const place = typeof after === 'string' ? parseMessageId(chatId, after) : undefined;
  if (!place) throw new InvalidRequestError(`Field 'after' is invalid`);
  return place.number;
}

function listIds(messages: readonly unknown[]): string[] {
  return messages.flatMap((message) => {
    const { id } = toFields(message);
    return typeof id === 'string' ? id : [];
  });
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
