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
   * @returns whether a turn runs.
   * @throws ChatNotFoundError, StorageUnavailableError
   */
  async stop(userId: string, chatId: string): Promise<boolean> {
    const lease = await this.stops.stop(userId, chatId);
    if (lease !== undefined) this.live.stop(lease);
    return lease !== undefined;
  }
}
