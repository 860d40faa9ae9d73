import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import type { User } from '../../auth/user.js';
import { CurrentUser } from '../../auth/user.decorator.js';
import { ChatHistoryService } from '../service/chat-history.service.js';
import { ChatIdPipe } from './dto/chat-id.pipe.js';
import {
  toChatResponse,
  type ChatResponse,
  toMessagePageResponse,
  type MessagePageResponse,
} from './dto/chat-response.js';
import { decodeCursor } from './dto/cursor.js';
import { CursorPipe, LimitPipe } from './dto/page-query.pipe.js';

/** `/chats/{id}` reads stored chats. */
@Controller('chats')
@UseGuards(IdTokenGuard)
export class ChatHistoryController {
  constructor(private readonly service: ChatHistoryService) {}

  @Get(':id')
  async get(@CurrentUser() user: User, @Param('id', ChatIdPipe) id: string): Promise<ChatResponse> {
    return toChatResponse(await this.service.get(user.id, id));
  }

  @Get(':id/messages')
  async listMessages(
    @CurrentUser() user: User,
    @Param('id', ChatIdPipe) id: string,
    @Query('cursor', CursorPipe) cursor: string | undefined,
    @Query('limit', new LimitPipe()) limit: number,
  ): Promise<MessagePageResponse> {
    const before = decodeCursor(user.id, id, cursor);
    return toMessagePageResponse(user.id, id, await this.service.listMessages(user.id, id, { before, limit }));
  }
}
