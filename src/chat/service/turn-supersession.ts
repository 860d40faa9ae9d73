import { Injectable } from '@nestjs/common';
import type { Supersession, TurnRequest } from '../model/turn.js';
import { DynamoOpenTurns } from '../storage/dynamo-open-turns.js';
import { LiveTurns } from './live-turns.js';

/** The rules by which a new turn stops the running turn of its chat. */
@Injectable()
export class TurnSupersession {
  constructor(
    private readonly live: LiveTurns,
    private readonly openTurns: DynamoOpenTurns,
  ) {}

  /** @param isAsked - whether the caller asks for it. Otherwise only a stream that all its readers have left is stopped. */
  create(isAsked: boolean): Supersession {
    return {
      mayStop: (lease) => isAsked || this.live.isAbandoned(lease),
      onStop: (lease) => this.live.stop(lease),
    };
  }

  /**
   * Finds the lease of the running turn that a request would stop.
   *
   * @throws StorageUnavailableError
   */
  async findLease(userId: string, { chatId }: TurnRequest, { mayStop }: Supersession): Promise<string | undefined> {
    const open = chatId === undefined ? undefined : await this.openTurns.find(userId, chatId);
    return open && mayStop(open.lease) ? open.lease : undefined;
  }
}
