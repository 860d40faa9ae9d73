import { Injectable, Logger, Optional } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import { AgentProvider } from '../agent/agent.js';
import { agentSessionId } from '../agent/agent-session.js';
import type { Chat, MessagePage } from '../model/chat.js';
import { toChat, toMessagePage } from '../model/chat-page.js';
import { DynamoChatDeletion } from '../storage/dynamo-chat-deletion.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';

/** A page of a chat's history. */
export interface PageRequest {
  /** Only turns with a smaller number; absent for the newest page. */
  readonly before?: number | undefined;
  /** Most messages; a turn is never split. */
  readonly limit: number;
}

/** Milliseconds to end the agent's session of a deleted chat. */
const END_SESSION_TIMEOUT = 3_000;

/** Reads stored chats and deletes them. */
@Injectable()
export class ChatHistoryService {
  private readonly logger = new Logger(ChatHistoryService.name);

  constructor(
    private readonly history: DynamoHistoryRepository,
    private readonly deletion: DynamoChatDeletion,
    private readonly agent: AgentProvider,
    private readonly limits: LimitSettings,
    @Optional() private readonly endSessionTimeout: number = END_SESSION_TIMEOUT,
  ) {}

  /**
   * Gets a chat with the newest part of its history.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async get(userId: string, chatId: string): Promise<Chat> {
    const { chat, history } = await this.history.newest(userId, chatId, this.limits.historyLimit);
    return toChat(chat, history);
  }

  /**
   * Lists one page of a chat's messages.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async listMessages(userId: string, chatId: string, { before, limit }: PageRequest): Promise<MessagePage> {
    if (before !== undefined) return toMessagePage(await this.history.page(userId, chatId, before, limit));
    return toMessagePage((await this.history.newest(userId, chatId, limit)).history);
  }

  /**
   * Deletes a chat for good, and ends its session with the agent.
   *
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<void> {
    const session = await this.deletion.delete(userId, chatId);
    if (session === undefined) return;
    try {
      const signal = AbortSignal.timeout(this.endSessionTimeout);
      await this.agent.endSession(agentSessionId(userId, chatId, session), signal);
    } catch {
      this.logger.warn('The agent session of a deleted chat was not ended; it ends after its idle time');
    }
  }
}
