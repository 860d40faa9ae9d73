import { Injectable, Logger } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import { AgentProvider } from '../agent/agent.js';
import { toAgentSessionId } from '../agent/agent-session.js';
import type { Chat, MessagePage } from '../model/chat.js';
import { toChat, toMessagePage } from '../model/chat-page.js';
import type { StoredSession } from '../model/turn.js';
import { DynamoChatDeletion } from '../storage/dynamo-chat-deletion.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { TurnTimes } from './turn-times.js';

/** A page of a chat's history. */
export interface PageRequest {
  /** Only turns with a smaller number; absent for the newest page. */
  readonly before?: number | undefined;
  /** Most messages; a turn is never split. */
  readonly limit: number;
}

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

  /**
   * Deletes a chat for good, and ends the agent's session.
   *
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<void> {
    const session = await this.deletion.delete(userId, chatId);
    if (session === undefined || !this.isHeldByAgent(session)) return;
    try {
      const signal = AbortSignal.timeout(this.times.endSession);
      await this.agent.endSession(toAgentSessionId(userId, chatId, session.generation), signal);
    } catch {
      this.logger.warn('The agent session of a deleted chat could not be ended. It ends by its own idle time');
    }
  }

  /** A session of another agent cannot be ended here. It ends by its own idle time. */
  private isHeldByAgent({ agent }: StoredSession): boolean {
    const { memory } = this.agent;
    return agent === undefined ? memory.ownsUnnamedSessions : agent === memory.agent;
  }
}
