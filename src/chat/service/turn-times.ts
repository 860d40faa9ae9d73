import {
  BEGIN_LIMIT,
  LAST_WRITE,
  LEASE_RENEWAL,
  RENEW_BEFORE_END,
  SHUTDOWN_STORING,
  SHUTDOWN_TURNS,
  STOP_POLL,
  STOP_WAIT,
  TABLE_CALL,
} from '../../config/waits.js';

/** Time limits around turns and deletes, in milliseconds. Tests use shorter ones. */
export class TurnTimes {
  /** How long all that comes before a turn may take. */
  readonly begin: number = BEGIN_LIMIT;
  /** How long running turns may continue after the process was asked to stop. */
  readonly shutdownGrace: number = SHUTDOWN_TURNS;
  /** How long turns are stored after that. */
  readonly shutdownStoring: number = SHUTDOWN_STORING;
  /** Limit for the last write of a turn. */
  readonly lastWrite: number = LAST_WRITE;
  /** How long a response waits for the release of its chat, before the deadline. */
  readonly release: number = TABLE_CALL;
  /** How long before its end a lease is renewed. */
  readonly renewBeforeEnd: number = RENEW_BEFORE_END;
  /** What a renewed lease gains. */
  readonly leaseRenewal: number = LEASE_RENEWAL;
  /** How often a process looks whether a turn was stopped, or has ended, in another process. */
  readonly stopPoll: number = STOP_POLL;
  /** How long the reader of another process's turn waits for a table that cannot be read once the turn has ended. */
  readonly storedRead: number = 30_000;
  /** How much longer a begin may take that stops another turn. */
  readonly stopWait: number = STOP_WAIT;
  /** Limit for ending the agent's session of a deleted chat. After it, the session ends by its own idle time. */
  readonly endSession: number = 3_000;
  /** How long a request that deletes all chats goes on, also within a chat: API Gateway gives up after 29 s. */
  readonly deleteAll: number = 20_000;
  /** How long a list of chats continues a delete that was interrupted. */
  readonly continueDelete: number = 1_000;
}
