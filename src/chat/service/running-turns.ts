import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import { AgentUnavailableError } from '../agent/agent.errors.js';
import { TurnTimes } from './turn-times.js';

/** The turns that run in this process, also turns whose client has disconnected. */
@Injectable()
export class RunningTurns implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly shutdown = new AbortController();
  private readonly storingEnd = new AbortController();
  private readonly turns = new Set<Promise<unknown>>();
  /** Resolves when a shutdown waits no longer. */
  private shutdownEnd: Promise<void> | undefined;

  constructor(private readonly times: TurnTimes) {
    // Every running turn listens. Node warns of a leak when there are more than ten listeners.
    setMaxListeners(0, this.shutdown.signal, this.storingEnd.signal);
  }

  /** Aborts when the process ends and no agent may reply any more. Its reason is an AgentUnavailableError. */
  get stopping(): AbortSignal {
    return this.shutdown.signal;
  }

  /** Aborts when the process ends and no turn may be stored any more. */
  get storing(): AbortSignal {
    return this.storingEnd.signal;
  }

  /**
   * Runs a turn, and counts it as running until it has ended.
   *
   * @param work - must end soon after {@link stopping} aborts.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = work();
    this.keep(turn);
    return turn;
  }

  /** Counts work of a turn as running that may go on after the turn has returned. Its errors are left to others. */
  keep(work: Promise<unknown>): void {
    const kept = work.then(
      () => void this.turns.delete(kept),
      () => void this.turns.delete(kept),
    );
    this.turns.add(kept);
  }

  /** Waits until no turn runs. */
  async idle(): Promise<void> {
    while (this.turns.size > 0) await Promise.all(this.turns);
  }

  /**
   * Stops the turns that are still running after the grace, and stores what the agent has said by then. Turns that
   * cannot be stored are given up.
   */
  beforeApplicationShutdown(): void {
    const { shutdownGrace, shutdownStoring, lastWrite } = this.times;
    const after = (milliseconds: number) => wait(milliseconds, undefined, { ref: false });
    void after(shutdownGrace).then(() => this.shutdown.abort(new AgentUnavailableError()));
    void after(shutdownGrace + shutdownStoring).then(() =>
      this.storingEnd.abort(new StorageUnavailableError({ reason: 'the process ends' })),
    );
    this.shutdownEnd = after(shutdownGrace + shutdownStoring + lastWrite);
  }

  /** Waits for turns without a connection. The server has waited for the others. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.race([this.idle(), this.shutdownEnd]);
  }
}
