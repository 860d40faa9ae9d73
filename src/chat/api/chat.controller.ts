import { Body, Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import type { User } from '../../auth/user.js';
import { CurrentUser } from '../../auth/user.decorator.js';
import { ChatService } from '../service/chat.service.js';
import { ChatRequest } from './dto/chat-request.js';
import { ChatRequestPipe } from './dto/chat-request.pipe.js';
import { IdempotencyKey } from './dto/idempotency-key.decorator.js';
import { toReplyResponse, type ReplyResponse } from './dto/chat-response.js';
import { BUFFERED_TIME_LIMIT, STREAMED_TIME_LIMIT } from './time-limits.js';
import { streamReply } from './ui-stream/ui-stream-writer.js';

/** `POST /chat`: one turn, answered in one piece; `POST /chat/stream`: the same, as the agent speaks. */
@Controller('chat')
@UseGuards(IdTokenGuard)
export class ChatController {
  constructor(private readonly service: ChatService) {}

  @Post()
  @HttpCode(200)
  async reply(
    @CurrentUser() user: User,
    @Body(ChatRequestPipe) { prompt, chat_id: chatId }: ChatRequest,
    @IdempotencyKey() key: string | undefined,
    @Res({ passthrough: true }) http: Response,
  ): Promise<ReplyResponse> {
    const request = { prompt, chatId: chatId ?? undefined, key };
    return toReplyResponse(await this.service.reply(user.id, request, { timeLimit: BUFFERED_TIME_LIMIT }), http);
  }

  @Post('stream')
  async stream(
    @CurrentUser() user: User,
    @Body(ChatRequestPipe) { prompt, chat_id: chatId }: ChatRequest,
    @IdempotencyKey() key: string | undefined,
    @Res() http: Response,
  ): Promise<void> {
    const request = { prompt, chatId: chatId ?? undefined, key };
    await streamReply(http, (observer) =>
      this.service.reply(user.id, request, { timeLimit: STREAMED_TIME_LIMIT, observer }),
    );
  }
}
