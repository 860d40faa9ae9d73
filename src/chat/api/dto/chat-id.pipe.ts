import { Injectable, type PipeTransform } from '@nestjs/common';
import { ChatNotFoundError } from '../../model/chat.errors.js';
import { isChatId } from '../../model/chat-id.js';

/** @throws ChatNotFoundError for an id of a path that is malformed: the same 404 as for an unknown chat. */
export function requireChatId(id: string): string {
  if (!isChatId(id)) throw new ChatNotFoundError();
  return id;
}

/** Checks the chat id of a path. */
@Injectable()
export class ChatIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    return requireChatId(id);
  }
}
