import { IsOptional, ValidateIf } from 'class-validator';
import { createFieldRule, IsText } from '../../../http/validation.js';
import type { TurnRequest } from '../../model/turn.js';
import { parseMessageId } from '../../model/turn-ids.js';
import { IsChatId } from './chat-id.js';

/** Body of `POST /chat`. `ChatRequestPipe` checks the length of the prompt. */
export class ChatRequest {
  @IsText()
  prompt!: string;

  /** The chat to continue; absent or null opens a new chat. */
  @ValidateIf(({ chat_id: id, replace_from: from }: ChatRequest) => isGiven(id) || isGiven(from))
  @IsChatId()
  chat_id?: string | null;

  /** Id of the message of the chat from which the turn replaces the history; absent or null replaces nothing. */
  @IsOptional()
  @IsMessageId()
  replace_from?: string | null;
}

/** What a body says of a turn. The key comes from a header. */
export type PromptRequest = Omit<TurnRequest, 'key'>;

export function toPromptRequest({ prompt, chat_id: id, replace_from: from }: ChatRequest): PromptRequest {
  const place = isGiven(id) && isGiven(from) ? parseMessageId(id, from) : undefined;
  return { prompt, chatId: id ?? undefined, replacement: place && { kind: 'from', ...place } };
}

/** The field must have the form of the id of a message of the chat in `chat_id`. */
function IsMessageId(): PropertyDecorator {
  return createFieldRule('isMessageId', (value, { chat_id: chatId }) => {
    const isOfChat = typeof value === 'string' && typeof chatId === 'string' && parseMessageId(chatId, value);
    return isOfChat ? undefined : 'is invalid';
  });
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
