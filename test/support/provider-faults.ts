import {
  AgentBusyError,
  AgentFailedError,
  AgentTimeoutError,
  AgentUnavailableError,
} from '../../src/chat/agent/agent.errors.js';
import type { EmulatedBehaviour } from '../../src/local/emulator/behaviour.js';

type ErrorClass = new () => Error;
/** Words, behaviour, error, how often it is repeated and how often the agent is asked. */
export type ProviderFault = readonly [words: string, behaviour: EmulatedBehaviour, error: ErrorClass, times?: number];

const httpError = (status: number, exception: string, error: ErrorClass, times = 1): ProviderFault => [
  `${status} ${exception}`,
  { type: 'http-error', status, exception, message: 'arn:aws:secret' },
  error,
  times,
];
const htmlError = (status: number, error: ErrorClass, times = 1): ProviderFault => [
  `${status} with HTML`,
  { type: 'html-error', status },
  error,
  times,
];
const inStream = (afterChunks: number): ProviderFault[] => [
  ['ThrottlingException', { type: 'stream-exception', exception: 'ThrottlingException', afterChunks }, AgentBusyError],
  [
    'an error of AWS',
    { type: 'stream-exception', exception: 'InternalServerException', afterChunks },
    AgentFailedError,
  ],
  ['an invalid input', { type: 'stream-exception', exception: 'ValidationException', afterChunks }, AgentFailedError],
  ['an unknown exception', { type: 'stream-exception', exception: 'NewException', afterChunks }, AgentFailedError],
  ['a cut', { type: 'torn', afterChunks }, AgentFailedError],
  ['a bad frame', { type: 'corrupt-frame', afterChunks }, AgentFailedError],
  ['silence', { type: 'silence', afterChunks }, AgentTimeoutError],
];
const inMessages = (afterChunks: number): ProviderFault[] =>
  ['RuntimeClientError', 'InternalServerException'].map((exception) => [
    `${exception} as an event`,
    { type: 'exception-event', exception, afterChunks },
    AgentFailedError,
  ]);

/** Faults of every provider: instead of a stream, as its first event, and after text. */
const BEFORE: readonly ProviderFault[] = [
  httpError(429, 'ThrottlingException', AgentBusyError, 3),
  httpError(424, 'ModelNotReadyException', AgentUnavailableError, 3),
  httpError(409, 'RetryableConflictException', AgentUnavailableError, 3),
  httpError(402, 'ServiceQuotaExceededException', AgentBusyError),
  httpError(503, 'ServiceUnavailableException', AgentUnavailableError),
  // The name decides before the status.
  httpError(503, 'ThrottlingException', AgentBusyError, 3),
  httpError(400, 'ValidationException', AgentFailedError),
  httpError(403, 'AccessDeniedException', AgentFailedError),
  httpError(404, 'ResourceNotFoundException', AgentFailedError),
  httpError(409, 'ConflictException', AgentFailedError),
  httpError(424, 'RuntimeClientError', AgentFailedError),
  httpError(500, 'InternalServerException', AgentFailedError),
  htmlError(429, AgentBusyError, 3),
  htmlError(402, AgentBusyError),
  htmlError(503, AgentUnavailableError),
  htmlError(409, AgentFailedError),
  htmlError(424, AgentFailedError),
  htmlError(504, AgentFailedError),
  ['a connection that closes', { type: 'hang-up' }, AgentFailedError],
  ['silence', { type: 'delay', milliseconds: 60_000 }, AgentTimeoutError],
];
const AT: readonly ProviderFault[] = [...inStream(0), ['an empty stream', { type: 'empty' }, AgentFailedError]];
const AFTER: readonly ProviderFault[] = inStream(2);
const MESSAGES_AT: readonly ProviderFault[] = [
  ...inMessages(0),
  ['no text', { type: 'stop-reason', reason: 'end_turn', afterChunks: 0 }, AgentFailedError],
  ['a filter without text', { type: 'stop-reason', reason: 'content_filtered', afterChunks: 0 }, AgentFailedError],
  ['a call of a function', { type: 'return-control' }, AgentFailedError],
];
const MESSAGES_AFTER: readonly ProviderFault[] = [
  ...inMessages(2),
  ['a clean end without a stop', { type: 'no-stop' }, AgentFailedError],
  ['a last call of a function', { type: 'stop-reason', reason: 'tool_use' }, AgentFailedError],
];

/** Faults, with the place in the stream, and what is stored of the reply. */
type FaultGroup = readonly [place: string, faults: readonly ProviderFault[], stored: 'failed' | 'partial'];

/** The faults that every provider must report. */
export const COMMON_FAULTS: readonly FaultGroup[] = [
  ['before the first event', BEFORE, 'failed'],
  ['as the first event', AT, 'failed'],
  ['after some text', AFTER, 'partial'],
];

/** The faults that only streams of messages have. */
export const MESSAGE_FAULTS: readonly FaultGroup[] = [
  ['as the first event', MESSAGES_AT, 'failed'],
  ['after some text', MESSAGES_AFTER, 'partial'],
];
