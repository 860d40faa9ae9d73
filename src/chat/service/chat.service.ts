import { setMaxListeners } from 'node:events';
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Environment } from '../../config/environment.js';
import { currentRequestContext } from '../../common/request-context.js';
import { AgentProvider } from '../agent/agent.js';
import { AgentFailedError, AgentUnavailableError } from '../agent/agent.errors.js';
import { agentSessionId } from '../agent/agent-session.js';
import { ReplyBuffer } from '../agent/reply-buffer.js';
import type { Chat, Citation, HistoryPage, StoredTurn, Replay, TurnOutcome } from '../model/chat.js';
import { hasAnswer, appendTurn } from '../model/history-page.js';
import { toChat } from '../model/chat-page.js';
import { StorageUnavailableError } from '../../dynamodb/dynamodb.errors.js';
import { DynamoChatRepository } from '../storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { HISTORY_MAX_TURNS, HISTORY_MESSAGES, toConversationHistory } from '../agent/conversation-history.js';
import { turnDeadline, withGrace, withinDeadline } from './turn-deadline.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { TurnQuota } from '../../usage/turn-quota.js';
import { hasBegun, type RunningTurn, type TurnRequest } from '../model/turn.js';

/** How long running turns may go on once the process has been asked to end. */
const SHUTDOWN_GRACE_MILLISECONDS = 10_000;

/** The agent's answer, and the chat with this turn as its newest. */
export interface Reply {
  readonly response: string;
  /** Names the answer among all of this service; a replay has the same. */
  readonly messageId: string;
  readonly citations: readonly Citation[];
  readonly chat: Chat;
  /** The answer was given before, to the same Idempotency-Key. */
  readonly isReplay: boolean;
}

/** Older turns that could not be read, and are there. */
const UNREAD: HistoryPage = { turns: [], hasOlder: true };

/** What asking the agent came to: how the turn ended, and the error that the caller gets unless it was done. */
interface Asked {
  readonly outcome: TurnOutcome;
  readonly failure: unknown;
}

/** The turn: begin it, ask the agent, keep the answer, let the chat go. */
@Injectable()
export class ChatService implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(ChatService.name);
  private readonly shutdown = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly chats: DynamoChatRepository,
    private readonly history: DynamoHistoryRepository,
    private readonly agent: AgentProvider,
    private readonly environment: Environment,
    private readonly quota: TurnQuota,
  ) {
    // Every running turn does; with more than ten of them Node would take it for a leak, and say so.
    setMaxListeners(0, this.shutdown.signal);
  }

  /**
   * Runs one turn of a chat, or the first turn of a new one. Once the turn has begun, its prompt is in the history
   * whatever this throws.
   *
   * @param observer - is told of the turn while it runs and has no say in it. A turn that is watched may take longer.
   * @throws TooManyTurnsError, ChatNotFoundError, TurnInProgressError, IdempotencyKeyReusedError,
   * StorageUnavailableError, and the agent's errors.
   */
  async reply(userId: string, request: TurnRequest, observer?: TurnObserver): Promise<Reply> {
    const turn = this.run(userId, request, observer);
    this.running.add(turn);
    return turn.finally(() => this.running.delete(turn));
  }

  /** Waits for all running turns, those included whose callers have left. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** Running turns may end by themselves; those that take too long are ended, and kept as far as they came. */
  beforeApplicationShutdown(): void {
    setTimeout(() => this.shutdown.abort(new AgentUnavailableError()), SHUTDOWN_GRACE_MILLISECONDS).unref();
  }

  /** The server waits for those who are still connected; turns whose callers have left are waited for here. */
  async onApplicationShutdown(): Promise<void> {
    await this.idle();
  }

  private async run(userId: string, request: TurnRequest, observer?: TurnObserver): Promise<Reply> {
    const { AGENT_TIMEOUT_MS: timeout, CHAT_HISTORY_LIMIT: limit } = this.environment;
    const deadline = turnDeadline(observer ? 'streamed' : 'buffered', timeout, currentRequestContext()?.deadline);
    const turn = await this.quota.consume(userId, () => this.chats.begin(userId, request, deadline), hasBegun);
    if (!hasBegun(turn)) return this.replay(userId, turn);

    const messageId = messageIdOf(turn.chat.id, turn.number);
    observer?.onStart(turn.chat, messageId);
    const older = this.olderTurns(userId, turn);
    const { outcome, failure } = await this.ask(userId, turn, older, deadline, observer);
    const ended = await this.chats.complete(userId, turn, outcome);
    const updatedAt = await this.letGo(userId, turn, ended.number, outcome, deadline);
    if (outcome.status !== 'done') throw failure;

    // The answer is stored by now, so it goes out also when what was before it could not be read: its cursor leads there.
    const before = await withinDeadline(deadline, this.shutdown.signal, () => older).catch(() => UNREAD);
    const chat = toChat({ ...turn.chat, updatedAt }, await appendTurn(before, ended, limit));
    return { response: outcome.reply, messageId, citations: outcome.citations, chat, isReplay: false };
  }

  private async replay(userId: string, { chatId, number, message: answer }: Replay): Promise<Reply> {
    const { chat, history } = await this.history.getNewest(userId, chatId, this.environment.CHAT_HISTORY_LIMIT);
    return {
      response: answer.content,
      messageId: messageIdOf(chatId, number),
      citations: answer.citations ?? [],
      chat: toChat(chat, history),
      isReplay: true,
    };
  }

  /** Reads the turns before this one while the agent answers. Whoever needs them waits for them, and for their error. */
  private olderTurns(userId: string, { chat, number, session }: RunningTurn): Promise<HistoryPage> {
    const shown = this.environment.CHAT_HISTORY_LIMIT;
    // What callers are shown says nothing about what an agent has to know.
    const limit = session.isNew ? Math.max(shown, HISTORY_MESSAGES) : shown;
    const older = this.history.listTurns(userId, chat, { before: number, limit });
    older.catch(() => undefined);
    return older;
  }

  /** What was said before: the page that is read anyway, unless turns that came to nothing have filled it. */
  private async turnsToTell(
    userId: string,
    { chat, number }: RunningTurn,
    older: Promise<HistoryPage>,
  ): Promise<readonly StoredTurn[]> {
    const { turns, hasOlder } = await older;
    const answered = turns.filter(hasAnswer).length;
    // One that is full of answers, by their size, has more than an agent is told.
    if (!hasOlder || answered >= HISTORY_MAX_TURNS || answered === turns.length) return turns;
    return (await this.history.listTurnsWithReply(userId, chat, { before: number, limit: HISTORY_MESSAGES })).turns;
  }

  private async ask(
    userId: string,
    turn: RunningTurn,
    older: Promise<HistoryPage>,
    deadline: number,
    observer: TurnObserver | undefined,
  ): Promise<Asked> {
    const { chat, prompt, session } = turn;
    const answer = new ReplyBuffer();
    let failure: unknown;
    try {
      await withinDeadline(deadline, this.shutdown.signal, async (signal) => {
        const history = session.isNew ? toConversationHistory(await this.turnsToTell(userId, turn, older)) : [];
        // Reading may take longer than the turn has.
        signal.throwIfAborted();
        const request = { sessionId: agentSessionId(userId, chat.id, session.generation), prompt, history };
        for await (const event of this.agent.reply(request, signal)) {
          // The turn has ended with what came before.
          signal.throwIfAborted();
          const text = answer.add(event);
          if (text) observer?.onText(text);
          if (answer.isCut) break;
        }
      });
      if (!answer.isWhole) failure = new AgentFailedError();
    } catch (error) {
      failure = error;
    }
    return { outcome: answer.outcome(), failure };
  }

  /** The answer is stored by now, so a chat that could not be let go is no reason to keep it back: the lease ends. */
  private async letGo(
    userId: string,
    turn: RunningTurn,
    number: number,
    { status }: TurnOutcome,
    deadline: number,
  ): Promise<string> {
    try {
      return await withGrace(deadline, this.chats.release(userId, turn, { number, isDone: status === 'done' }));
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.warn('The chat of an ended turn could not be released; its lease will run out');
      return turn.at;
    }
  }
}

function messageIdOf(chatId: string, number: number): string {
  return `${chatId}:${number}`;
}
