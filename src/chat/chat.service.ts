import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { currentRequestContext } from '../request-context.js';
import { AgentProvider } from './agent/agent.js';
import { AgentFailedError, AgentUnavailableError } from './agent/agent.errors.js';
import { agentSessionId } from './agent/agent-session.js';
import { Answer } from './answer.js';
import type { Chat, Message, StoredChat, Turn, TurnOutcome } from './chat.js';
import { newestMessages } from './chat-history.js';
import { StorageUnavailableError } from './chat.errors.js';
import { DynamoChatRepository } from './dynamo-chat.repository.js';
import { turnDeadline, withinDeadline } from './turn-deadline.js';
import { TurnQuota } from './turn-quota.js';

/** How long running turns may go on once the process has been asked to end. */
const SHUTDOWN_GRACE_MILLISECONDS = 10_000;

/** The agent's answer, and the chat with this turn as its newest. */
export interface Reply {
  readonly response: string;
  readonly chat: Chat;
}

/** What asking the agent came to: how the turn ended, and the error that the caller gets unless it was done. */
interface Asked {
  readonly outcome: TurnOutcome;
  readonly failure?: unknown;
}

/** The turn: begin it, ask the agent, keep the answer, let the chat go. */
@Injectable()
export class ChatService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ChatService.name);
  private readonly shutdown = new AbortController();

  constructor(
    private readonly chats: DynamoChatRepository,
    private readonly agent: AgentProvider,
    private readonly environment: Environment,
    private readonly quota: TurnQuota,
  ) {}

  /**
   * Runs one turn of a chat, or the first turn of a new one. Once the turn has begun, its prompt is in the history
   * whatever this throws.
   *
   * @throws TooManyTurnsError, ChatNotFoundError, TurnInProgressError, StorageUnavailableError, and the agent's errors.
   */
  async reply(userId: string, prompt: string, chatId?: string): Promise<Reply> {
    const deadline = turnDeadline(this.environment.AGENT_TIMEOUT_MS, currentRequestContext()?.deadline);
    const turn = await this.quota.spend(userId, () => this.chats.begin(userId, { chatId, prompt, deadline }));
    const earlier = Promise.allSettled([this.chats.turnsBefore(userId, turn, this.environment.CHAT_HISTORY_LIMIT)]);
    const { outcome, failure } = await this.ask(userId, turn, deadline);
    const messages = await this.chats.complete(userId, turn, outcome);
    const updatedAt = await this.letGo(userId, turn);
    if (outcome.status !== 'done') throw failure;

    const [history] = await earlier;
    if (history.status === 'rejected') throw history.reason;
    const chat = this.chatWith({ ...turn.chat, updatedAt }, [...history.value, messages]);
    return { response: outcome.answer, chat };
  }

  /**
   * Reads a chat back with the newest part of its history.
   *
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async read(userId: string, chatId: string): Promise<Chat> {
    const { chat, turns } = await this.chats.read(userId, chatId, this.environment.CHAT_HISTORY_LIMIT);
    return this.chatWith(chat, turns);
  }

  /** Running turns may end by themselves; those that take too long are ended, and kept as far as they came. */
  beforeApplicationShutdown(): void {
    setTimeout(() => this.shutdown.abort(new AgentUnavailableError()), SHUTDOWN_GRACE_MILLISECONDS).unref();
  }

  private async ask(userId: string, turn: Turn, deadline: number): Promise<Asked> {
    const answer = new Answer();
    const request = { sessionId: agentSessionId(userId, turn.chat.id, turn.session), prompt: turn.prompt };
    try {
      await withinDeadline(deadline, this.shutdown.signal, async (signal) => {
        for await (const event of this.agent.reply(request, signal)) answer.add(event);
      });
      if (!answer.isWhole) throw new AgentFailedError();
      return { outcome: answer.outcome() };
    } catch (failure) {
      return { outcome: answer.outcome(), failure };
    }
  }

  /** The answer is stored by now, so a chat that could not be let go is no reason to keep it back: the lease ends. */
  private async letGo(userId: string, turn: Turn): Promise<string> {
    try {
      return await this.chats.release(userId, turn);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.warn('The chat of an ended turn could not be released; its lease will run out');
      return turn.at;
    }
  }

  private chatWith({ inlineMessages: _, ...chat }: StoredChat, turns: readonly (readonly Message[])[]): Chat {
    return { ...chat, messages: newestMessages(turns, this.environment.CHAT_HISTORY_LIMIT) };
  }
}
