import { Injectable } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import type { AgentExchange } from '../agent/agent.js';
import { HISTORY_MAX_TURNS, HISTORY_MESSAGES, toConversationHistory } from '../agent/conversation-history.js';
import type { HistoryPage } from '../model/chat.js';
import { isConversation } from '../model/history-page.js';
import type { RunningTurn } from '../model/turn.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';

/** Reads the turns before a running one, or before those that it replaces: for the response, and for a new session of the agent. */
@Injectable()
export class EarlierTurns {
  constructor(
    private readonly history: DynamoHistoryRepository,
    private readonly limits: LimitSettings,
  ) {}

  /** Starts to read the page before the turn, while the agent replies. Await the result to see an error. */
  read(userId: string, { chat, number, replaces = number, session }: RunningTurn): Promise<HistoryPage> {
    const { historyLimit } = this.limits;
    // CHAT_HISTORY_LIMIT limits the response, not what the agent needs to know.
    const limit = session.isNew ? Math.max(historyLimit, HISTORY_MESSAGES) : historyLimit;
    const page = this.history.listTurns(userId, chat, { before: replaces, limit });
    // A turn that fails does not await the page. Node would report the error as unhandled.
    page.catch(() => undefined);
    return page;
  }

  /**
   * The conversation history for the agent: empty unless its session is new.
   *
   * @param page - the result of {@link read}. A second read follows if failed or filtered turns fill that page.
   * @throws StorageUnavailableError
   */
  async getConversationHistory(
    userId: string,
    { chat, number, replaces = number, session }: RunningTurn,
    page: Promise<HistoryPage>,
  ): Promise<AgentExchange[]> {
    if (!session.isNew) return [];
    const { turns, hasOlder } = await page;
    const count = turns.filter(isConversation).length;
    // A page that skips no turn ended because of its size. It holds more than the agent gets.
    if (!hasOlder || count >= HISTORY_MAX_TURNS || count === turns.length) return toConversationHistory(turns);
    return toConversationHistory(
      (await this.history.listConversation(userId, chat, { before: replaces, limit: HISTORY_MESSAGES })).turns,
    );
  }
}
