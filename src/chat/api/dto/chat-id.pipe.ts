import { Injectable, type PipeTransform } from '@nestjs/common';
import { ChatNotFoundError } from '../../model/chat.errors.js';
import { isChatId } from './chat-id.js';

/** The chat id of a path. One that no chat can have is answered like one that no chat has. */
@Injectable()
export class ChatIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!isChatId(id)) throw new ChatNotFoundError();
    return id;
  }
}
