/** Time limits around turns and deletes, in milliseconds. Tests use shorter ones. */
export class TurnTimes {
  /** How long running turns may continue after the process was asked to stop. */
  readonly shutdownGrace: number = 10_000;
  /** Limit for ending the agent's session of a deleted chat. After it, the session ends by its own idle time. */
  readonly endSession: number = 3_000;
  /** How long a request that deletes all chats goes on, also within a chat: API Gateway gives up after 29 s. */
  readonly deleteAll: number = 20_000;
}
