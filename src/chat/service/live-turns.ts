import { setImmediate as nextRound } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import type { RunningTurn } from '../model/turn.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoTurnStop } from '../storage/dynamo-turn-stop.js';
import { LiveTurn } from './live-turn.js';
import type { Reply } from './reply.js';
import { RunningTurns } from './running-turns.js';
import { TurnTimes } from './turn-times.js';

/**
 * The turns that have begun and run in this process, from their begin until they are stored. While there are any, it looks
 * in the table whether another process has stopped one.
 */
@Injectable()
export class LiveTurns {
  private readonly turns = new Map<string, LiveTurn>();
  /** The begins on their way, by lease. */
  private readonly beginning = new Map<string, Promise<unknown>>();
  private readonly logger = new Logger(LiveTurns.name);
  private timer: NodeJS.Timeout | undefined;
  private hasWarned = false;

  constructor(
    private readonly running: RunningTurns,
    private readonly stops: DynamoTurnStop,
    private readonly times: TurnTimes,
  ) {
    const { stopping } = running;
    stopping.addEventListener('abort', () => this.turns.forEach((turn) => turn.abort(stopping.reason as Error)));
  }

  /** Follows the begin of a turn. The table has it before its response has come. */
  async begin<T>(lease: string, work: () => Promise<T>): Promise<T> {
    const begin = work();
    this.beginning.set(lease, begin);
    try {
      return await begin;
    } finally {
      this.beginning.delete(lease);
    }
  }

  /**
   * Runs a turn that has begun.
   *
   * @param observer - the stream of the turn's own request, if it has one.
   * @throws what `work` throws.
   */
  async run(
    userId: string,
    begun: RunningTurn,
    observer: TurnObserver | undefined,
    work: (turn: LiveTurn) => Promise<Reply>,
  ): Promise<Reply> {
    const turn = new LiveTurn(userId, begun, observer);
    const { stopping } = this.running;
    if (stopping.aborted) turn.abort(stopping.reason as Error);
    this.turns.set(turn.lease, turn);
    this.lookLater();
    try {
      return await turn.run(work);
    } finally {
      this.turns.delete(turn.lease);
    }
  }

  /** Finds the turn of a chat whose agent replies to this process. */
  findAsking(userId: string, chatId: string): LiveTurn | undefined {
    return [...this.turns.values()].findLast(
      (turn) => turn.isAsking && turn.userId === userId && turn.chatId === chatId,
    );
  }

  /** Gets a turn, if it runs in this process or is just beginning here. */
  async get(lease: string): Promise<LiveTurn | undefined> {
    const begin = this.beginning.get(lease);
    // A turn runs in the same round of the event loop in which its begin has ended.
    if (begin) await begin.then(nextRound, nextRound);
    return this.turns.get(lease);
  }

  /** Whether the turn runs in this process as a stream that no reader is connected to any more. */
  isAbandoned(lease: string): boolean {
    return this.turns.get(lease)?.isAbandoned ?? false;
  }

  /** Stops a turn, if it runs in this process. */
  stop(lease: string): void {
    this.turns.get(lease)?.stop();
  }

  /** One timer serves all turns. It does not keep the process. */
  private lookLater(): void {
    this.timer ??= setTimeout(() => void this.look(), this.times.stopPoll).unref();
  }

  /** Most turns are too short for a look. A table that fails now is read again later. */
  private async look(): Promise<void> {
    const begunBefore = Date.now() - this.times.stopPoll / 2;
    const asking = [...this.turns.values()].filter(({ isAsking, since }) => isAsking && since <= begunBefore);
    try {
      if (asking.length > 0) await this.stops.findStopped(asking, (lease) => this.stop(lease));
    } catch (error) {
      this.warnOnce(error);
    }
    this.timer = undefined;
    if (this.turns.size > 0) this.lookLater();
  }

  /** A look each second would fill the log. */
  private warnOnce(error: unknown): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const name = error instanceof Error ? error.name : typeof error;
    const reason = error instanceof StorageUnavailableError ? `, ${error.reason}` : '';
    this.logger.warn(`Stops by other processes cannot be seen: ${name}${reason}`);
  }
}
