import { IsOptional } from 'class-validator';
import { IsChatId, IsText } from '../../http/validation.js';

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
