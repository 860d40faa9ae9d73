/** Milliseconds that a turn of `POST /chat` may take: API Gateway gives up after 29 s, and storing the turn takes time. */
export const BUFFERED_TIME_LIMIT = 25_000;

/** Milliseconds that a turn of `POST /chat/stream` may take: the idle limit of a stream is 5 minutes. */
export const STREAMED_TIME_LIMIT = 290_000;
