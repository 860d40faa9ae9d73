import { Injectable, Logger } from '@nestjs/common';
import { LimitSettings } from '../../config/settings.js';
import { LAST_WRITE } from '../../config/waits.js';
import { AgentProvider } from '../agent/agent.js';
import { AgentFailedError, AgentTimeoutError } from '../agent/agent.errors.js';
import { toActorId, toAgentSessionId } from '../agent/agent-session.js';
import { ReplyBuffer } from '../agent/reply-buffer.js';
import { type HistoryPage, isEndedByAgent, type TokenUsage, type TurnOutcome } from '../model/chat.js';
import { TurnStoppedError } from '../model/chat.errors.js';
import { toChat } from '../model/chat-page.js';
import { appendTurn } from '../model/history-page.js';
import type { RunningTurn } from '../model/turn.js';
import { EarlierTurns } from './earlier-turns.js';
import type { LiveTurn } from './live-turn.js';
import type { Reply } from './reply.js';
import { within } from './turn-deadline.js';
import { TurnEnding, type TurnEnd } from './turn-ending.js';

/** Stands for earlier turns that exist, but could not be read. */
const UNREAD: HistoryPage = { turns: [], hasOlder: true };

/** The limits of a running turn, and its readers. */
export interface RunOptions extends Omit<TurnEnd, 'outcome'> {
  /** Shows the reply to its readers. If its signal aborts, the turn ends with the signal's reason as the error. */
  readonly live: LiveTurn;
  /** The user's claims for the agent, by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Called once, as soon as the agent has ended. It runs beside the storing of the turn and never rejects. */
  readonly onEnd: (tokens?: TokenUsage) => Promise<void>;
}

/** How a turn ended, and the error for the caller unless the agent has ended the reply itself. */
interface AgentResult {
  readonly outcome: TurnOutcome;
  readonly error?: unknown;
}

/** Runs a turn that has begun: asks the agent, then completes the turn and releases the chat. */
@Injectable()
export class TurnRunner {
  private readonly logger = new Logger(TurnRunner.name);

  constructor(
    private readonly agent: AgentProvider,
    private readonly earlier: EarlierTurns,
    private readonly ending: TurnEnding,
    private readonly limits: LimitSettings,
  ) {}

  /**
   * Runs the turn to its end. What the agent has said is stored, whatever this throws.
   *
   * @throws TurnStoppedError, ChatNotFoundError, TurnSupersededError, StorageUnavailableError, and the agent's errors.
   */
  async run(userId: string, turn: RunningTurn, options: RunOptions): Promise<Reply> {
    const page = this.earlier.read(userId, turn);
    const { outcome, error } = await this.ask(userId, turn, { ...options, page });
    const ending = this.ending.end(userId, turn, { ...options, outcome });
    await Promise.allSettled([ending, waitForCount(options.onEnd(outcome.usage))]);
    const { stored, chat: released } = await ending;
    // Another process may have stored the stop first.
    if (stored.isStopped) throw new TurnStoppedError();
    if (!isEndedByAgent(outcome)) throw error;

    // The reply is stored, so it is sent even if the earlier turns cannot be read. The cursor leads to them.
    const earlier = await within(toLimit(options), () => page).catch(() => UNREAD);
    const chat = toChat({ ...turn.chat, ...released }, await appendTurn(earlier, stored, this.limits.historyLimit));
    const { reply: text, citations, reason, usage } = outcome;
    return { text, ids: options.live.ids, citations, reason, usage, chat, isReplay: false };
  }

  private async ask(
    userId: string,
    turn: RunningTurn,
    { page, ...options }: RunOptions & { readonly page: Promise<HistoryPage> },
  ): Promise<AgentResult> {
    const { deadline, attributes, live } = options;
    const { chat, prompt, session } = turn;
    const reply = new ReplyBuffer(live.text);
    try {
      live.start();
      await within(toLimit(options), async (signal) => {
        const sessionId = toAgentSessionId(userId, chat.id, session.generation);
        const history = await this.earlier.getConversationHistory(userId, turn, page);
        // The deadline may have passed during the read.
        signal.throwIfAborted();
        const actorId = toActorId(userId);
        const request = { sessionId, prompt, history, actorId, deadline, attributes };
        for await (const event of this.agent.reply(request, signal)) {
          // The turn has ended without this event.
          signal.throwIfAborted();
          if (reply.add(event) !== '') live.notify();
          if (reply.isCut) break;
        }
        if (!reply.isComplete) throw new AgentFailedError();
      });
      return { outcome: reply.toOutcome() };
    } catch (error) {
      const isStopped = error instanceof TurnStoppedError && !reply.isComplete;
      return { outcome: isStopped ? reply.toStoppedOutcome() : reply.toOutcome(), error };
    } finally {
      live.endReply();
      // Their names may hold words of the user.
      if (reply.fileCount > 0) this.logger.warn(`Files of the reply that are not passed on: ${reply.fileCount}`);
    }
  }
}

/** The agent must end by the deadline, or when the process ends. */
function toLimit({ deadline: until, live }: RunOptions) {
  return { until, stop: live.signal, late: () => new AgentTimeoutError() };
}

/** Waits for the count of a turn, but not long. Without its place, the next turn of the user could be refused. */
async function waitForCount(counted: Promise<void>): Promise<void> {
  const limit = { until: Date.now() + LAST_WRITE, late: () => new Error('The count is too slow') };
  await within(limit, () => counted).catch(() => undefined);
}
