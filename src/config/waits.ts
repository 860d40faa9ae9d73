/*
 * How long parts of the service wait for each other, in milliseconds. A wait is derived from the waits inside it, so
 * that the inner one ends first. Nobody configures them; the specs beside this file check how they fit.
 */
const SECOND = 1_000;

/** API Gateway gives up on a whole response after this time, and the function that returns it has the same time-out. */
export const GATEWAY_TIMEOUT = 29 * SECOND;
/** Between SIGTERM and SIGKILL: the default of Kubernetes and of Amazon ECS. */
export const KILL_TIMEOUT = 30 * SECOND;

/** Most tries of one call to the table, the first included. */
export const TABLE_TRIES = 2;
/** For the start of the table's response and for each pause in it. A busy machine reads later than DynamoDB responds. */
export const TABLE_TRY = 1_500;
/** One call to the table that hangs. Between its tries the SDK pauses for 50 ms at most. */
export const TABLE_CALL = TABLE_TRIES * TABLE_TRY + 100;

/**
 * All that comes before a turn. It leaves time for a place that is taken at once, a first try of the begin that hangs, and a
 * read that hangs. Its response is 503 within 5 s.
 */
export const BEGIN_LIMIT = TABLE_TRY + TABLE_CALL + 300;

/** Pauses between repeated calls: the first, and the longest. Each is twice as long as the one before. */
export const REPEAT_PAUSES = { first: 100, longest: 3 * SECOND };

/** After its deadline a turn is stored for this long while the caller of a whole response waits. */
export const STORE_AFTER_DEADLINE = 2_500;
/** For the last write of a turn: its release, or the end of its lease if it could not be stored. */
export const LAST_WRITE = 1 * SECOND;
/** For the response, before its host or its gateway gives up. */
const SEND_RESPONSE = 500;
/** What a turn leaves of the time of its host or its gateway. */
export const AFTER_DEADLINE = STORE_AFTER_DEADLINE + LAST_WRITE + SEND_RESPONSE;
/** How long before the end of its host a turn is given up if it could not be stored. */
export const AFTER_STORING = LAST_WRITE + SEND_RESPONSE;

/** What a turn of `POST /chat` may take. */
export const BUFFERED_TURN = GATEWAY_TIMEOUT - AFTER_DEADLINE;
/** What a turn of `POST /chat/stream` may take: the idle limit of a stream is 5 minutes. */
export const STREAMED_TURN = 290 * SECOND;

/**
 * A turn keeps its lease, and its place in the quota, for this long after its deadline. It is stored in this time, and
 * clocks differ.
 */
export const LEASE_MARGIN = 15 * SECOND;
/** A stream whose turn could not be stored renews its lease this long before it ends. Clocks differ, and the call takes time. */
export const RENEW_BEFORE_END = LEASE_MARGIN + TABLE_CALL;
/** What a renewed lease gains. */
export const LEASE_RENEWAL = 60 * SECOND;

/** A process looks this often whether one of its turns was stopped by another process. */
export const STOP_POLL = 1 * SECOND;
/**
 * A turn that was told to stop is waited for this long. Then the chat is taken from it. Of the 5 s in which the next turn
 * begins, it leaves time for about ten calls to the table.
 */
export const STOP_WAIT = 3_500;

/** After SIGTERM, running turns may go on for this long. Then their agents are stopped. */
export const SHUTDOWN_TURNS = 10 * SECOND;
/** For storing the turns that were stopped. */
export const SHUTDOWN_STORING = 12 * SECOND;
/** For clients to read the ends of their streams. */
const SHUTDOWN_READING = 2 * SECOND;
/** After SIGTERM, every connection is closed after this time. The process then ends. */
export const SHUTDOWN_CONNECTIONS = SHUTDOWN_TURNS + SHUTDOWN_STORING + LAST_WRITE + SHUTDOWN_READING;
