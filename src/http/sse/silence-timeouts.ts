/** How long an event stream may be silent, in milliseconds. */
export interface SilenceTimeouts {
  /** From the request to the first byte. Then the stream opens without an event, and its status is 200. */
  readonly firstByteTimeout: number;
  /** Between two comments. */
  readonly keepAliveInterval: number;
}

/** The first byte comes well before a gateway gives up: API Gateway waits 29 s, nginx and load balancers 60 s. */
export const SILENCE_TIMEOUTS: SilenceTimeouts = {
  firstByteTimeout: 10_000,
  keepAliveInterval: 15_000,
};
