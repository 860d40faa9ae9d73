import { Injectable, Logger } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import { AgentProvider } from '../agent/agent.js';
import { toAgentSessionId } from '../agent/agent-session.js';
import type { Chat, MessagePage } from '../model/chat.js';
import { readCursor } from '../model/cursor.js';
import { toChat, toMessagePage } from '../model/chat-page.js';
import { DynamoChatDeletion } from '../storage/dynamo-chat-deletion.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { TurnTimes } from './turn-times.js';

/** Reads chats, page by page, and deletes them. */
@Injectable()
export class ChatHistoryService {
  private readonly logger = new Logger(ChatHistoryService.name);

  constructor(
    private readonly history: DynamoHistoryRepository,
    private readonly deletion: DynamoChatDeletion,
    private readonly agent: AgentProvider,
    private readonly limits: LimitSettings,
    private readonly times: TurnTimes,
  ) {}

  /**
   * Reads a chat with the newest part of its history.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async read(userId: string, chatId: string): Promise<Chat> {
    const { chat, history } = await this.history.newest(userId, chatId, this.limits.historyLimit);
    return toChat(chat, history);
  }

  /**
   * Reads one page of a chat's history: the newest page without a cursor.
   *
   * @param limit - maximum number of messages. Turns are never split.
   * @throws InvalidCursorError, ChatNotFoundError, StorageUnavailableError
   */
  async messages(userId: string, chatId: string, cursor: string | undefined, limit: number): Promise<MessagePage> {
    if (cursor === undefined) {
      const { history } = await this.history.newest(userId, chatId, limit);
      return toMessagePage(userId, chatId, history);
    }
    const before = readCursor(userId, chatId, cursor);
    return toMessagePage(userId, chatId, await this.history.page(userId, chatId, before, limit));
  }

  /**
   * Deletes a chat for good, and ends the agent's session.
   *
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<void> {
    const session = await this.deletion.delete(userId, chatId);
    if (session === undefined) return;
    try {
      const signal = AbortSignal.timeout(this.times.endSession);
      await this.agent.endSession(toAgentSessionId(userId, chatId, session), signal);
    } catch {
      this.logger.warn('The agent session of a deleted chat could not be ended. It ends by its own idle time');
    }
  }
}
