import { Injectable } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { LimitSettings } from '../../config/settings.js';
import { AgentSettings } from '../../config/agent-settings.js';
import type { Replay } from '../model/chat.js';
import { toChat } from '../model/chat-page.js';
import { hasBegun, type TurnRequest } from '../model/turn.js';
import { type TurnIds, toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { LiveTurns } from './live-turns.js';
import type { Reply } from './reply.js';
import { RunningTurns } from './running-turns.js';
import { toStoreDeadline, toTurnDeadline } from './turn-deadline.js';
import { TurnAdmission } from './turn-admission.js';
import type { TurnEnd } from './turn-ending.js';
import { TurnRunner } from './turn-runner.js';

export interface ReplyOptions extends Pick<TurnEnd, 'storeLimit'> {
  /** Milliseconds that the turn may take, unless AGENT_TIMEOUT_MS sets another limit. */
  readonly timeLimit: number;
  /** Whether a running turn of the chat is stopped for this one, even if somebody reads it. Not by default. */
  readonly supersede?: boolean;
  /** The user's claims for the agent, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Gets the ids of the turn as soon as it has begun, or of the earlier turn that is replayed. */
  readonly onTurn?: (ids: TurnIds) => void;
  /** Sees the turn while it runs. */
  readonly observer?: TurnObserver;
}

/** One turn of a chat: begin the turn, ask the agent, complete the turn, release the chat. */
@Injectable()
export class ChatService {
  constructor(
    private readonly admission: TurnAdmission,
    private readonly runner: TurnRunner,
    private readonly history: DynamoHistoryRepository,
    private readonly running: RunningTurns,
    private readonly live: LiveTurns,
    private readonly agentSettings: AgentSettings,
    private readonly limits: LimitSettings,
  ) {}

  /**
   * Runs one turn of a chat, or the first turn of a new chat. Once the turn has begun, its prompt is stored,
   * whatever this throws.
   *
   * @throws TooManyTurnsError, ChatNotFoundError, TurnInProgressError, TurnStoppedError, IdempotencyKeyReusedError,
   * StorageUnavailableError, and the agent's errors.
   */
  async reply(
    userId: string,
    request: TurnRequest,
    { timeLimit, attributes, onTurn, observer, supersede = false, ...options }: ReplyOptions,
  ): Promise<Reply> {
    const limit = this.agentSettings.timeoutMilliseconds ?? timeLimit;
    const hostDeadline = currentRequestContext()?.deadline;
    const deadline = toTurnDeadline(limit, hostDeadline);
    const storeDeadline = toStoreDeadline(hostDeadline);
    return this.running.run(async () => {
      const turn = { deadline, attributeNames: Object.keys(attributes), supersede, onTurn };
      const { begun, onEnd } = await this.admission.begin(userId, request, turn);
      if (hasBegun(begun)) {
        return this.live.run(userId, begun, observer, (live) =>
          this.runner.run(userId, begun, { ...options, deadline, storeDeadline, live, attributes, onEnd }),
        );
      }
      const ids = toTurnIds(begun.chatId, begun.number);
      onTurn?.(ids);
      return this.replay(userId, begun, ids);
    });
  }

  /** The reply of an earlier turn with the same Idempotency-Key, and the chat as it is now. */
  private async replay(userId: string, { chatId, message, reason }: Replay, ids: TurnIds): Promise<Reply> {
    const { chat, history } = await this.history.getNewest(userId, chatId, this.limits.historyLimit);
    return {
      text: message.content,
      ids,
      citations: message.citations ?? [],
      reason,
      usage: message.usage,
      chat: toChat(chat, history),
      isReplay: true,
    };
  }
}
