import { Injectable } from '@nestjs/common';
import { DynamoTurnStop } from '../storage/dynamo-turn-stop.js';
import { LiveTurns } from './live-turns.js';

/** Stops running turns for their users. */
@Injectable()
export class TurnStopService {
  constructor(
    private readonly stops: DynamoTurnStop,
    private readonly live: LiveTurns,
  ) {}

  /**
   * Tells the running turn of a chat to stop, in whichever process it runs. It keeps what the agent has said by then.
   *
   * @param number - of the turn. Without it, every turn is stopped that runs when the stop arrives.
   * @returns whether this turn runs.
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async stop(userId: string, chatId: string, number?: number): Promise<boolean> {
    const lease = await this.stops.stop(userId, chatId, number);
    if (lease !== undefined) this.live.stop(lease);
    return lease !== undefined;
  }
}
