import { Injectable } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { LimitSettings } from '../../config/settings.js';
import { AgentSettings } from '../../config/agent-settings.js';
import { LAST_WRITE } from '../../config/waits.js';
import { TurnQuota } from '../../usage/turn-quota.js';
import { AgentProvider } from '../agent/agent.js';
import type { Replay, TokenUsage } from '../model/chat.js';
import { toChat } from '../model/chat-page.js';
import { hasBegun, type TurnRequest } from '../model/turn.js';
import { type TurnIds, toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoChatRepository } from '../storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { LiveTurns } from './live-turns.js';
import type { Reply } from './reply.js';
import { RunningTurns } from './running-turns.js';
import { toStoreDeadline, toTurnDeadline, within } from './turn-deadline.js';
import type { TurnEnd } from './turn-ending.js';
import { TurnRunner } from './turn-runner.js';
import { TurnSupersession } from './turn-supersession.js';

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
    private readonly quota: TurnQuota,
    private readonly agent: AgentProvider,
    private readonly chats: DynamoChatRepository,
    private readonly runner: TurnRunner,
    private readonly history: DynamoHistoryRepository,
    private readonly running: RunningTurns,
    private readonly live: LiveTurns,
    private readonly superseding: TurnSupersession,
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
      const keep = (work: Promise<void>) => this.keep(work, hostDeadline);
      const supersession = this.superseding.create(supersede);
      const supersedes = () => this.superseding.findLease(userId, request, supersession);
      const terms = { memory: this.agent.memory, attributeNames: Object.keys(attributes) };
      const { begun, place } = await this.quota.consume(userId, { deadline, hasBegun, supersedes, keep }, (lease) =>
        this.chats.begin(userId, request, { deadline, lease, keep, supersession, onTurn, ...terms }),
      );
      if (hasBegun(begun)) {
        const onEnd = async (tokens?: TokenUsage) =>
          place && keep(this.quota.end(place, { tokens, recovered: begun.recovered }));
        return this.live.run(userId, begun, observer, (live) =>
          this.runner.run(userId, begun, { ...options, deadline, storeDeadline, live, attributes, onEnd }),
        );
      }
      const ids = toTurnIds(begun.chatId, begun.number);
      onTurn?.(ids);
      return this.replay(userId, begun, ids);
    });
  }

  /**
   * Keeps the process for work that frees a place or a chat. A function, whose response waits for it, keeps it briefly.
   *
   * @returns the work.
   */
  private keep(work: Promise<void>, hostDeadline: number | undefined): Promise<void> {
    const until = hostDeadline === undefined ? Infinity : Date.now() + LAST_WRITE;
    const late = () => new StorageUnavailableError({ reason: 'it is too slow' });
    this.running.keep(within({ until, late }, () => work));
    return work;
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
