import { BUFFERED_TURN, STORE_AFTER_DEADLINE, STREAMED_TURN } from '../../config/waits.js';

/** Milliseconds that a turn of `POST /chat` may take, and that its caller then waits until it is stored. */
export const BUFFERED_LIMITS = { timeLimit: BUFFERED_TURN, storeLimit: STORE_AFTER_DEADLINE };

/** Milliseconds that a turn of `POST /chat/stream` may take. Its caller waits with comments until it is stored. */
export const STREAMED_LIMITS = { timeLimit: STREAMED_TURN, storeLimit: Infinity };
