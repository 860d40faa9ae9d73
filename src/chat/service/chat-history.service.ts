import { Injectable } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import type { Chat, MessagePage } from '../model/chat.js';
import { toChat, toMessagePage } from '../model/chat-page.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';

/** A page of a chat's history. */
export interface PageRequest {
  /** Only turns with a smaller number; absent for the newest page. */
  readonly before?: number | undefined;
  /** Most messages; a turn is never split. */
  readonly limit: number;
}

/** Reads chats, page by page. */
@Injectable()
export class ChatHistoryService {
  constructor(
    private readonly history: DynamoHistoryRepository,
    private readonly limits: LimitSettings,
  ) {}

  /**
   * Gets a chat with the newest part of its history.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async get(userId: string, chatId: string): Promise<Chat> {
    const { chat, history } = await this.history.getNewest(userId, chatId, this.limits.historyLimit);
    return toChat(chat, history);
  }

  /**
   * Lists one page of a chat's messages.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async listMessages(userId: string, chatId: string, { before, limit }: PageRequest): Promise<MessagePage> {
    if (before !== undefined) return toMessagePage(await this.history.getPage(userId, chatId, { before, limit }));
    return toMessagePage((await this.history.getNewest(userId, chatId, limit)).history);
  }
}
