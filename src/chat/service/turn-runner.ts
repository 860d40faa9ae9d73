import { Injectable, Logger } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AgentProvider } from '../agent/agent.js';
import { AgentFailedError } from '../agent/agent.errors.js';
import { toActorId, toAgentSessionId } from '../agent/agent-session.js';
import { ReplyBuffer } from '../agent/reply-buffer.js';
import { type HistoryPage, isEndedByAgent, type TurnOutcome } from '../model/chat.js';
import { toChat } from '../model/chat-page.js';
import { appendTurn } from '../model/history-page.js';
import type { RunningTurn } from '../model/turn.js';
import { type TurnIds, toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoChatRepository, type ReleasedChat } from '../storage/dynamo-chat.repository.js';
import { EarlierTurns } from './earlier-turns.js';
import type { Reply } from './reply.js';
import { withGrace, withinDeadline } from './turn-deadline.js';

/** Stands for earlier turns that exist, but could not be read. */
const UNREAD: HistoryPage = { turns: [], hasOlder: true };

/** The limits of a running turn, and its observer. */
export interface RunOptions {
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** If it aborts, the turn ends with its reason as the error. */
  readonly stop: AbortSignal;
  /** The user's claims for the agent, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly onTurn: ((ids: TurnIds) => void) | undefined;
  readonly observer: TurnObserver | undefined;
}

/** How a turn ended, and the error for the caller unless the agent has ended the reply itself. */
interface AgentResult {
  readonly outcome: TurnOutcome;
  readonly error?: unknown;
}

/** Runs a turn that has begun: asks the agent, completes the turn, releases the chat. */
@Injectable()
export class TurnRunner {
  private readonly logger = new Logger(TurnRunner.name);

  constructor(
    private readonly agent: AgentProvider,
    private readonly chats: DynamoChatRepository,
    private readonly earlier: EarlierTurns,
    private readonly limits: LimitSettings,
  ) {}

  /**
   * Runs the turn to its end. What the agent has said is stored, whatever this throws.
   *
   * @throws ChatNotFoundError, TurnSupersededError, StorageUnavailableError, and the agent's errors.
   */
  async run(userId: string, turn: RunningTurn, options: RunOptions): Promise<Reply> {
    const ids = toTurnIds(turn.chat.id, turn.number);
    options.onTurn?.(ids);
    options.observer?.onStart(turn.chat, ids);

    const page = this.earlier.read(userId, turn);
    const { outcome, error } = await this.ask(userId, turn, { ...options, page });
    const ended = await this.chats.complete(userId, turn, outcome);
    const released = await this.release(userId, turn, { number: ended.number, outcome, deadline: options.deadline });
    if (!isEndedByAgent(outcome)) throw error;

    // The reply is stored, so it is sent even if the earlier turns cannot be read. The cursor leads to them.
    const earlier = await withinDeadline(options.deadline, options.stop, () => page).catch(() => UNREAD);
    const chat = toChat({ ...turn.chat, ...released }, await appendTurn(earlier, ended, this.limits.historyLimit));
    const { reply: text, citations, reason, usage } = outcome;
    return { text, ids, citations, reason, usage, chat, isReplay: false };
  }

  private async ask(
    userId: string,
    turn: RunningTurn,
    { deadline, stop, attributes, observer, page }: RunOptions & { readonly page: Promise<HistoryPage> },
  ): Promise<AgentResult> {
    const { chat, prompt, session } = turn;
    const reply = new ReplyBuffer();
    try {
      await withinDeadline(deadline, stop, async (signal) => {
        const sessionId = toAgentSessionId(userId, chat.id, session.generation);
        const history = await this.earlier.getConversationHistory(userId, turn, page);
        // The deadline may have passed during the read.
        signal.throwIfAborted();
        const actorId = toActorId(userId);
        const request = { sessionId, prompt, history, actorId, deadline, attributes };
        for await (const event of this.agent.reply(request, signal)) {
          // The turn has ended without this event.
          signal.throwIfAborted();
          const text = reply.add(event);
          if (text) observer?.onText(text);
          if (reply.isCut) break;
        }
        if (!reply.isComplete) throw new AgentFailedError();
      });
      return { outcome: reply.toOutcome() };
    } catch (error) {
      return { outcome: reply.toOutcome(), error };
    } finally {
      // Their names may hold words of the user.
      if (reply.fileCount > 0) this.logger.warn(`Files of the reply that are not passed on: ${reply.fileCount}`);
    }
  }

  /** Releases the chat for its next turn. @returns the chat's `updatedAt` and title. */
  private async release(
    userId: string,
    turn: RunningTurn,
    {
      number,
      outcome,
      deadline,
    }: { readonly number: number; readonly outcome: TurnOutcome; readonly deadline: number },
  ): Promise<ReleasedChat> {
    const { agent, idleSeconds } = this.agent.memory;
    // After another end nobody knows what the agent remembers. A filtered prompt must not stay in its session.
    const isFinished = isEndedByAgent(outcome) && outcome.reason === 'stop';
    const rememberedBy = isFinished && idleSeconds > 0 ? agent : undefined;
    try {
      return await withGrace(deadline, this.chats.release(userId, turn, { number, rememberedBy }));
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      // The reply is stored, so it is sent all the same.
      this.logger.warn('The chat could not be released after its turn. The next turn must wait for the lease to end');
      return { title: turn.chat.title, updatedAt: turn.at };
    }
  }
}
