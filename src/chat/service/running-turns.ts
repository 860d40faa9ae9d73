import { setMaxListeners } from 'node:events';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AgentUnavailableError } from '../agent/agent.errors.js';
import { TurnTimes } from './turn-times.js';

/** The turns that run in this process, also turns whose client has disconnected. */
@Injectable()
export class RunningTurns implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly shutdown = new AbortController();
  private readonly turns = new Set<Promise<unknown>>();

  constructor(private readonly times: TurnTimes) {
    // Every running turn listens. Node warns of a leak when there are more than ten listeners.
    setMaxListeners(0, this.shutdown.signal);
  }

  /**
   * Runs a turn, and counts it as running until it has ended.
   *
   * @param work - must end soon after its signal aborts.
   */
  async run<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const turn = work(this.shutdown.signal);
    this.turns.add(turn);
    return turn.finally(() => this.turns.delete(turn));
  }

  /** Waits until every turn that runs now has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.turns);
  }

  /** Stops the turns that are still running after the grace. What the agent has said by then is stored. */
  beforeApplicationShutdown(): void {
    setTimeout(() => this.shutdown.abort(new AgentUnavailableError()), this.times.shutdownGrace).unref();
  }

  /** Waits for turns without a connection. The server has waited for the others. */
  async onApplicationShutdown(): Promise<void> {
    await this.idle();
  }
}
