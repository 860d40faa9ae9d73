import { Injectable } from '@nestjs/common';
import type { RunningTurn } from '../model/turn.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { LiveTurn } from './live-turn.js';
import type { Reply } from './reply.js';
import { RunningTurns } from './running-turns.js';

/** The turns that have begun and run in this process, from their begin until they are stored. */
@Injectable()
export class LiveTurns {
  private readonly turns = new Map<string, LiveTurn>();

  constructor(private readonly running: RunningTurns) {
    const { stopping } = running;
    stopping.addEventListener('abort', () => this.turns.forEach((turn) => turn.abort(stopping.reason as Error)));
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
    try {
      return await turn.run(work);
    } finally {
      this.turns.delete(turn.lease);
    }
  }
}
