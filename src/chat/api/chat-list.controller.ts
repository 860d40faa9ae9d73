import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query, UseGuards } from '@nestjs/common';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import type { User } from '../../auth/user.js';
import { CurrentUser } from '../../auth/user.decorator.js';
import { BodyPipe } from '../../http/validation.js';
import { ChatListService } from '../service/chat-list.service.js';
import { ChatIdPipe, requireChatId } from './dto/chat-id.pipe.js';
import { ChatListResponse, RenamedChatResponse, toChatListResponse } from './dto/chat-list-response.js';
import { toChatSummaryBody } from './dto/chat-response.js';
import { decodeListCursor } from './dto/cursor.js';
import { CursorPipe, LimitPipe } from './dto/page-query.pipe.js';
import { RenameRequest } from './dto/rename-request.js';

/** Chats of a page, unless the query says otherwise. */
const DEFAULT_LIMIT = 20;

/** `/chats` lists, renames and deletes chats. */
@Controller('chats')
@UseGuards(IdTokenGuard)
export class ChatListController {
  constructor(private readonly service: ChatListService) {}

  @Get()
  async list(
    @CurrentUser() user: User,
    @Query('cursor', CursorPipe) cursor: string | undefined,
    @Query('limit', new LimitPipe(DEFAULT_LIMIT)) limit: number,
  ): Promise<ChatListResponse> {
    const after = decodeListCursor(user.id, cursor);
    return toChatListResponse(user.id, await this.service.list(user.id, { after, limit }));
  }

  @Patch(':id')
  async rename(
    @CurrentUser() user: User,
    @Param('id') id: string,
    @Body(BodyPipe) { title }: RenameRequest,
  ): Promise<RenamedChatResponse> {
    // Not by a pipe, because pipes of one request run beside each other, and a fault of the body comes first.
    return { chat: toChatSummaryBody(await this.service.rename(user.id, requireChatId(id), title)) };
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentUser() user: User, @Param('id', ChatIdPipe) id: string): Promise<void> {
    await this.service.delete(user.id, id);
  }

  @Delete()
  @HttpCode(204)
  async deleteAll(@CurrentUser() user: User): Promise<void> {
    await this.service.deleteAll(user.id);
  }
}
