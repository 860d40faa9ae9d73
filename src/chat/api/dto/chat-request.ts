import { IsOptional } from 'class-validator';
import { IsText } from '../../../http/validation.js';
import { IsChatId } from './chat-id.js';

/** Body of `POST /chat`. The longest prompt is a setting, so `ChatRequestPipe` checks that. */
export class ChatRequest {
  /** What the user says. */
  @IsText()
  prompt!: string;

  /** The chat to go on with; absent or null opens a new one. */
  @IsOptional()
  @IsChatId()
  chat_id?: string | null;
}
