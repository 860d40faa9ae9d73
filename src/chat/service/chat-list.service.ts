import { Injectable, Logger } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { AgentProvider } from '../agent/agent.js';
import { toAgentSessionId } from '../agent/agent-session.js';
import type { ChatSummary } from '../model/chat.js';
import { ChatNotFoundError, ChatsRemainError, TurnInProgressError } from '../model/chat.errors.js';
import type { ChatListPage, ChatListRange } from '../model/chat-list.js';
import { toPlainLine } from '../model/plain-line.js';
import type { StoredSession } from '../model/turn.js';
import { DynamoChatDeletion } from '../storage/dynamo-chat-deletion.js';
import { DynamoChatListRepository } from '../storage/dynamo-chat-list.repository.js';
import { LiveTurns } from './live-turns.js';
import { toTurnDeadline } from './turn-deadline.js';
import { TurnPlaces } from './turn-places.js';
import { TurnTimes } from './turn-times.js';

/** Chats that are deleted at the same time by one request. */
const DELETES_AT_ONCE = 10;

/**
 * What became of a listed chat. The list may still have a chat that is gone. A chat is not deleted if a turn begins after
 * the one that was stopped.
 */
type DeleteResult = 'deleted' | 'gone' | 'running';

/** One request that deletes all chats. */
interface DeleteRun {
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** False once the agent has failed to end a session. */
  endsSessions: boolean;
  /** Places of dead turns that are being freed, so that the next turn is not refused for them. */
  readonly freed: Promise<void>[];
}

/** Lists, renames and deletes chats. */
@Injectable()
export class ChatListService {
  private readonly logger = new Logger(ChatListService.name);

  constructor(
    private readonly chats: DynamoChatListRepository,
    private readonly deletion: DynamoChatDeletion,
    private readonly agent: AgentProvider,
    private readonly live: LiveTurns,
    private readonly places: TurnPlaces,
    private readonly times: TurnTimes,
  ) {}

  /**
   * Lists one page of a user's chats. A chat that is updated between two pages moves to the top of the list. A delete that
   * was interrupted goes on, because the user may not repeat it.
   *
   * @throws StorageUnavailableError
   */
  async list(userId: string, range: ChatListRange): Promise<ChatListPage> {
    const page = await this.chats.list(userId, range);
    if (page.halfDeleted !== undefined) await this.continueDelete(userId, page.halfDeleted);
    return page;
  }

  /**
   * Renames a chat. It keeps its place in the list, and no turn changes its title any more.
   *
   * @param title - becomes one line without invisible controls, as a title from a prompt.
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async rename(userId: string, chatId: string, title: string): Promise<ChatSummary> {
    return this.chats.rename(userId, chatId, toPlainLine(title));
  }

  /**
   * Deletes a chat for good, and ends the agent's session.
   *
   * @throws ChatNotFoundError, TurnInProgressError, StorageUnavailableError
   */
  async delete(userId: string, chatId: string): Promise<void> {
    let freed: Promise<void> | undefined;
    const onAbandoned = (lease: string) => void (freed = this.places.freeAbandoned(userId, lease));
    const session = await this.deletion.delete(userId, chatId, { onAbandoned });
    await freed;
    if (session) await this.tryEndSession(userId, chatId, session);
  }

  /**
   * Deletes all chats of a user, also expired ones and those whose delete was interrupted. Running turns are stopped first.
   * It walks over the list until a walk finds nothing to delete. A turn that ends meanwhile moves its chat to a part of the
   * list that was read already.
   *
   * @throws ChatsRemainError when the time is up, or another turn has begun meanwhile; StorageUnavailableError
   */
  async deleteAll(userId: string): Promise<void> {
    const deadline = toTurnDeadline(this.times.deleteAll, currentRequestContext()?.deadline);
    const run: DeleteRun = { deadline, endsSessions: true, freed: [] };
    let results: ReadonlySet<DeleteResult>;
    do results = await this.deleteListed(userId, run);
    while (results.has('deleted'));
    await Promise.all(run.freed);
    if (results.has('running')) throw new ChatsRemainError();
  }

  /** What is left when the time is up is left to the next list, or to a sweep. So is the session of the agent. */
  private async continueDelete(userId: string, chatId: string): Promise<void> {
    const deadline = Date.now() + this.times.continueDelete;
    await this.deletion.finish(userId, chatId, { deadline }).catch(() => undefined);
  }

  /** Walks over the list once, with several deletes at the same time. */
  private async deleteListed(userId: string, run: DeleteRun): Promise<ReadonlySet<DeleteResult>> {
    const results = new Set<DeleteResult>();
    const ids = this.chats.listIds(userId);
    const work = async () => {
      // A worker that throws ends the walk for the others too.
      for await (const id of ids) {
        if (Date.now() >= run.deadline) throw new ChatsRemainError();
        results.add(await this.tryDelete(userId, id, run));
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: DELETES_AT_ONCE }, work));
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
    return results;
  }

  private async tryDelete(userId: string, chatId: string, run: DeleteRun): Promise<DeleteResult> {
    try {
      const onStop = (lease: string) => this.live.stop(lease);
      const onAbandoned = (lease: string) => void run.freed.push(this.places.freeAbandoned(userId, lease));
      const options = { evenIfExpired: true, deadline: run.deadline, onStop, onAbandoned };
      const session = await this.deletion.delete(userId, chatId, options);
      // An agent that does not respond must not use up the time for the other chats.
      const isTried = session !== undefined && run.endsSessions;
      if (isTried && !(await this.tryEndSession(userId, chatId, session))) run.endsSessions = false;
      return 'deleted';
    } catch (error) {
      if (error instanceof ChatNotFoundError) return 'gone';
      if (error instanceof TurnInProgressError) return 'running';
      throw error;
    }
  }

  /** @returns false if the agent did not end the session. It ends by its own idle time then. */
  private async tryEndSession(userId: string, chatId: string, session: StoredSession): Promise<boolean> {
    if (!this.isHeldByAgent(session)) return true;
    try {
      const signal = AbortSignal.timeout(this.times.endSession);
      await this.agent.endSession(toAgentSessionId(userId, chatId, session.generation), signal);
      return true;
    } catch {
      this.logger.warn('The agent session of a deleted chat could not be ended. It ends by its own idle time');
      return false;
    }
  }

  /** A session of another agent cannot be ended here. It ends by its own idle time. */
  private isHeldByAgent({ agent }: StoredSession): boolean {
    const { memory } = this.agent;
    return agent === undefined ? memory.ownsUnnamedSessions : agent === memory.agent;
  }
}
