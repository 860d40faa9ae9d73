import { Controller, Get, Param, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import type { User } from '../../auth/user.js';
import { CurrentUser } from '../../auth/user.decorator.js';
import { ResumeService } from '../service/resume.service.js';
import { TurnStopService } from '../service/turn-stop.service.js';
import { ChatIdPipe } from './dto/chat-id.pipe.js';
import { TurnNumber } from './dto/turn-number.decorator.js';
import { resumeReply } from './ui-stream/stream-reply.js';

/** `/chat/stream/{id}/stream` shows the running turn of a chat once more; `/chats/{id}/stop` stops it. */
@Controller()
@UseGuards(IdTokenGuard)
export class RunningTurnController {
  constructor(
    private readonly resuming: ResumeService,
    private readonly stopping: TurnStopService,
  ) {}

  @Get('chat/stream/:id/stream')
  async resume(@CurrentUser() user: User, @Param('id') id: string, @Res() response: Response): Promise<void> {
    await resumeReply(response, (observer) => this.resuming.resume(user.id, id, observer));
  }

  @Post('chats/:id/stop')
  async stop(
    @CurrentUser() user: User,
    @Param('id', ChatIdPipe) id: string,
    @TurnNumber() turn: number | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    response.status((await this.stopping.stop(user.id, id, turn)) ? 202 : 204);
  }
}
