import { Injectable, type PipeTransform } from '@nestjs/common';
import { ChatNotFoundError } from '../../model/chat.errors.js';
import { isChatId } from './chat-id.js';

/** Checks the chat id of a path. A malformed id gets the same 404 as an unknown chat. */
@Injectable()
export class ChatIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isChatId(id)) throw new ChatNotFoundError();
    return id;
  }
}
