import { Injectable, Logger } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import { AgentProvider } from '../agent/agent.js';
import { agentSessionId } from '../agent/agent-session.js';
import type { Chat, MessagePage } from '../model/chat.js';
import { readCursor } from '../model/cursor.js';
import { toChat, toMessagePage } from '../model/chat-page.js';
import { DynamoChatDeletion } from '../storage/dynamo-chat-deletion.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';

/** How long a deleted chat's session may take to end; without it the agent forgets in its own time. */
const END_SESSION_MILLISECONDS = 3_000;

/** What has been said: read back, page by page, and deleted. */
@Injectable()
export class ChatHistoryService {
  private readonly logger = new Logger(ChatHistoryService.name);

  constructor(
    private readonly history: DynamoHistoryRepository,
    private readonly deletion: DynamoChatDeletion,
    private readonly agent: AgentProvider,
    private readonly environment: Environment,
  ) {}

  /**
   * Reads a chat back with the newest part of its history.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async read(userId: string, chatId: string): Promise<Chat> {
    const { chat, history } = await this.history.getNewest(userId, chatId, this.environment.CHAT_HISTORY_LIMIT);
    return toChat(chat, history);
  }

  /**
   * One page of a chat's history: the newest, or the one that a cursor leads to.
   *
   * @param limit - the most messages; a turn is never split.
   * @throws InvalidCursorError, ChatNotFoundError, StorageUnavailableError
   */
  async messages(userId: string, chatId: string, cursor: string | undefined, limit: number): Promise<MessagePage> {
    if (cursor === undefined) {
      const { history } = await this.history.getNewest(userId, chatId, limit);
      return toMessagePage(userId, chatId, history);
    }
    const before = readCursor(userId, chatId, cursor);
    return toMessagePage(userId, chatId, await this.history.getPage(userId, chatId, { before, limit }));
  }

  /**
   * Deletes a chat for good, from the agent's session too.
   *
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<void> {
    const session = await this.deletion.delete(userId, chatId);
    if (session === undefined) return;
    try {
      const signal = AbortSignal.timeout(END_SESSION_MILLISECONDS);
      await this.agent.endSession(agentSessionId(userId, chatId, session), signal);
    } catch {
      this.logger.warn('The session of a deleted chat could not be ended; the agent forgets it in its own time');
    }
  }
}
