import { Injectable, Logger } from '@nestjs/common';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AgentProvider } from '../agent/agent.js';
import { isEndedByAgent, type TurnOutcome } from '../model/chat.js';
import type { RunningTurn } from '../model/turn.js';
import { type CompletedTurn, DynamoChatRepository, type ReleasedChat } from '../storage/dynamo-chat.repository.js';
import { DynamoTurnLease } from '../storage/dynamo-turn-lease.js';
import { RunningTurns } from './running-turns.js';
import { tooSlow, within } from './turn-deadline.js';
import { TurnTimes } from './turn-times.js';

/** How a turn ended, and how long its end may be stored. */
export interface TurnEnd {
  readonly outcome: TurnOutcome;
  /** Epoch milliseconds: when the turn had to end. */
  readonly deadline: number;
  /** Epoch milliseconds: when the turn is given up because its host ends. Infinity on a server. */
  readonly storeDeadline: number;
  /**
   * Milliseconds after the deadline that the caller waits for the turn to be stored. With Infinity the caller waits as long
   * as it takes, and the turn may renew its lease once.
   */
  readonly storeLimit: number;
}

/** A turn that is stored, and its chat after that. */
export interface EndedTurn {
  readonly stored: CompletedTurn;
  readonly chat: ReleasedChat;
}

/**
 * Completes turns and releases their chats. While the table is unavailable this goes on until the lease of the turn ends,
 * in the background if the caller cannot wait that long.
 */
@Injectable()
export class TurnEnding {
  private readonly logger = new Logger(TurnEnding.name);

  constructor(
    private readonly chats: DynamoChatRepository,
    private readonly leases: DynamoTurnLease,
    private readonly agent: AgentProvider,
    private readonly running: RunningTurns,
    private readonly times: TurnTimes,
  ) {}

  /**
   * Waits until the turn is stored, as long as its caller can wait. The release may come later.
   *
   * @throws ChatNotFoundError, TurnSupersededError, StorageUnavailableError
   */
  async end(userId: string, begun: RunningTurn, end: TurnEnd): Promise<EndedTurn> {
    const { deadline, storeDeadline, storeLimit, outcome } = end;
    const turn = { ...begun, storeUntil: Math.min(begun.storeUntil, storeDeadline) };
    const { storing: stop } = this.running;
    const completing = within({ until: storeDeadline, stop, late: tooSlow }, () => this.complete(userId, turn, end));
    const released = completing.then(
      (completed) => this.release(userId, completed.turn, completed.stored, outcome),
      (error: unknown) => this.giveUp(userId, turn, error),
    );
    const lastWrite = { until: storeDeadline + this.times.lastWrite, late: tooSlow };
    this.running.keep(within(lastWrite, () => released));

    const answerDeadline = Math.max(Date.now(), deadline) + storeLimit;
    const { stored } = await within({ until: answerDeadline, stop, late: tooSlow }, () => completing);
    return { stored, chat: await this.waitForRelease(turn, deadline, released) };
  }

  /** Completes the turn. If it may wait for the table, it renews its lease once. @returns also the turn as it is then. */
  private async complete(
    userId: string,
    turn: RunningTurn,
    { outcome, storeDeadline, storeLimit }: TurnEnd,
  ): Promise<{ stored: CompletedTurn; turn: RunningTurn }> {
    const complete = (running: RunningTurn) => this.chats.complete(userId, running, outcome);
    if (storeLimit !== Infinity || turn.storeUntil === storeDeadline) return { stored: await complete(turn), turn };
    const storeUntil = turn.storeUntil - this.times.renewBeforeEnd;
    try {
      return { stored: await complete({ ...turn, storeUntil }), turn };
    } catch (error) {
      if (!(error instanceof StorageUnavailableError) || !error.mayPass) throw error;
      const until = Math.min(turn.storeUntil + this.times.leaseRenewal, storeDeadline);
      const renewed = await this.leases.renew(userId, turn, until).catch(() => turn);
      return { stored: await complete(renewed), turn: renewed };
    }
  }

  /** Releases the chat for its next turn. */
  private release(
    userId: string,
    turn: RunningTurn,
    stored: CompletedTurn,
    outcome: TurnOutcome,
  ): Promise<ReleasedChat> {
    const { agent, idleSeconds } = this.agent.memory;
    // After another end nobody knows what the agent remembers. A filtered prompt must not stay in its session.
    const isFinished = isEndedByAgent(outcome) && outcome.reason === 'stop';
    const rememberedBy = isFinished && idleSeconds > 0 ? agent : undefined;
    return this.chats.release(userId, turn, { number: stored.number, hasReply: stored.hasReply, rememberedBy });
  }

  /** Ends the lease of a turn that could not be stored. @throws the error, always. */
  private async giveUp(userId: string, turn: RunningTurn, error: unknown): Promise<never> {
    if (error instanceof StorageUnavailableError) this.logger.error(`A turn could not be stored: ${error.reason}`);
    await this.leases.end(userId, turn).catch(() => undefined);
    throw error;
  }

  /** The turn is stored, so its caller does not wait long for the release, and its failure changes nothing. */
  private async waitForRelease(
    turn: RunningTurn,
    deadline: number,
    released: Promise<ReleasedChat>,
  ): Promise<ReleasedChat> {
    const now = Date.now();
    const until = Math.min(now + this.times.release, Math.max(now, deadline) + this.times.lastWrite);
    try {
      return await within({ until, late: tooSlow }, () => released);
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      this.logger.warn('The chat is not released yet. The next turn has to find out that this one is stored');
      return { title: turn.chat.title, updatedAt: turn.at };
    }
  }
}
