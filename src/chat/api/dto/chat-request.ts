import { IsOptional } from 'class-validator';
import { IsText } from '../../../http/validation.js';
import type { TurnRequest } from '../../model/turn.js';
import { IsChatId } from './chat-id.js';

/** Body of `POST /chat`. `ChatRequestPipe` checks the length of the prompt. */
export class ChatRequest {
  @IsText()
  prompt!: string;

  /** The chat to continue; absent or null opens a new chat. */
  @IsOptional()
  @IsChatId()
  chat_id?: string | null;
}

/** @param key - the header `Idempotency-Key`. */
export function toTurnRequest({ prompt, chat_id: chatId }: ChatRequest, key: string | undefined): TurnRequest {
  return { prompt, chatId: chatId ?? undefined, key };
}
