import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { IdTokenGuard } from '../auth/id-token.guard.js';
import type { User } from '../auth/user.js';
import { CurrentUser } from '../auth/user.decorator.js';
import { ChatService } from './chat.service.js';
import { ChatRequest } from './dto/chat-request.js';
import { ChatRequestPipe } from './dto/chat-request.pipe.js';
import { replyResponse, type ReplyResponse } from './dto/chat-response.js';

/** `POST /chat`: one turn. */
@Controller('chat')
@UseGuards(IdTokenGuard)
export class ChatController {
  constructor(private readonly service: ChatService) {}

  @Post()
  @HttpCode(200)
  async reply(@CurrentUser() user: User, @Body(ChatRequestPipe) body: ChatRequest): Promise<ReplyResponse> {
    return replyResponse(await this.service.reply(user.id, body.prompt, body.chat_id ?? undefined));
  }
}
