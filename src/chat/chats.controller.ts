import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { IdTokenGuard } from '../auth/id-token.guard.js';
import type { User } from '../auth/user.js';
import { CurrentUser } from '../auth/user.decorator.js';
import { ChatService } from './chat.service.js';
import { ChatIdPipe } from './dto/chat-id.pipe.js';
import { chatResponse, type ChatResponse } from './dto/chat-response.js';

/** `/chats`: what has been said. */
@Controller('chats')
@UseGuards(IdTokenGuard)
export class ChatsController {
  constructor(private readonly service: ChatService) {}

  @Get(':id')
  async read(@CurrentUser() user: User, @Param('id', ChatIdPipe) id: string): Promise<ChatResponse> {
    return chatResponse(await this.service.read(user.id, id));
  }
}
