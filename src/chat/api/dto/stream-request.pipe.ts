import { Injectable, type PipeTransform } from '@nestjs/common';
import { LimitSettings } from '../../../config/settings.js';
import { ChatRequest, type PromptRequest, toPromptRequest } from './chat-request.js';
import { ChatRequestPipe } from './chat-request.pipe.js';
import { isUiChatRequest, toUiPromptRequest } from './ui-chat-request.js';

/** Checks the body of `POST /chat/stream`, which is our own or the AI SDK's. */
@Injectable()
export class StreamRequestPipe implements PipeTransform<unknown, Promise<PromptRequest>> {
  private readonly own: ChatRequestPipe;

  constructor(private readonly limits: LimitSettings) {
    this.own = new ChatRequestPipe(limits);
  }

  async transform(body: unknown): Promise<PromptRequest> {
    if (isUiChatRequest(body)) return toUiPromptRequest(body, this.limits.promptMaxLength);
    return toPromptRequest((await this.own.transform(body, { type: 'body', metatype: ChatRequest })) as ChatRequest);
  }
}
