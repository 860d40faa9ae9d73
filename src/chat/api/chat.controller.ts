import { Body, Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import type { User } from '../../auth/user.js';
import { CurrentUser } from '../../auth/user.decorator.js';
import { LimitBody } from '../../http/body/body-limits.js';
import { JsonBodyGuard } from '../../http/body/json-body.guard.js';
import { TakenBody } from '../../http/body/taken-body.decorator.js';
import { ChatService } from '../service/chat.service.js';
import { ChatRequest, type PromptRequest, toPromptRequest } from './dto/chat-request.js';
import { ChatRequestPipe } from './dto/chat-request.pipe.js';
import { IdempotencyKey } from './dto/idempotency-key.decorator.js';
import { toReplyResponse, type ReplyResponse } from './dto/chat-response.js';
import { StreamRequestPipe } from './dto/stream-request.pipe.js';
import { Supersede } from './dto/supersede.decorator.js';
import { STREAM_BODY_LIMITS } from './dto/ui-chat-request.js';
import { setReplyHeaders, setTurnHeaders } from './reply-headers.js';
import { BUFFERED_LIMITS, STREAMED_LIMITS } from './time-limits.js';
import { streamReply } from './ui-stream/stream-reply.js';

/** `POST /chat` runs one turn and responds with the whole reply; `POST /chat/stream` streams it. */
@Controller('chat')
@UseGuards(IdTokenGuard, JsonBodyGuard)
export class ChatController {
  constructor(private readonly service: ChatService) {}

  @Post()
  @HttpCode(200)
  async reply(
    @CurrentUser() user: User,
    @Body(ChatRequestPipe) request: ChatRequest,
    @IdempotencyKey() key: string | undefined,
    @Supersede() supersede: boolean,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ReplyResponse> {
    const turn = { ...toPromptRequest(request), key };
    const reply = await this.service.reply(user.id, turn, {
      ...BUFFERED_LIMITS,
      supersede,
      attributes: user.attributes,
      onTurn: (ids) => setTurnHeaders(response, ids),
    });
    setReplyHeaders(response, reply);
    return toReplyResponse(reply);
  }

  @Post('stream')
  @LimitBody(STREAM_BODY_LIMITS)
  async stream(
    @CurrentUser() user: User,
    @TakenBody(StreamRequestPipe) request: PromptRequest,
    @IdempotencyKey() key: string | undefined,
    @Supersede() supersede: boolean,
    @Res() response: Response,
  ): Promise<void> {
    const turn = { ...request, key };
    await streamReply(response, (observer) =>
      this.service.reply(user.id, turn, {
        ...STREAMED_LIMITS,
        supersede,
        attributes: user.attributes,
        onTurn: (ids) => setTurnHeaders(response, ids),
        observer,
      }),
    );
  }
}
