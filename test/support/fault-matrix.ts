import type { Unreachable } from './unreachable.js';

/** What a caller gets for a turn, and what the agent and the table have seen of it. */
export interface FaultOutcome {
  readonly status: number;
  /** The `error` of the answer; none where there is an answer after all. */
  readonly error?: string;
  /** How the turn is stored. */
  readonly stored: 'done' | 'partial' | 'failed';
  /** How often the agent was invoked for it. */
  readonly invocations: number;
}

/** Where in the agent's stream a fault comes: instead of it, as its first event, or after some text. */
export type FaultPlace = 'before' | 'at' | 'after';

/** One fault at one place, with the words that make the emulated agent do it. */
export interface FaultCase extends FaultOutcome {
  readonly fault: string;
  readonly place: FaultPlace;
  /** Part of the prompt. Empty if the agent cannot cause the fault. */
  readonly directive: string;
  /** The agent runs, but cannot be reached. */
  readonly unreachable?: Unreachable;
}

/** Text that came before a fault is kept as a part of an answer. */
const KEPT: Readonly<Record<FaultPlace, FaultOutcome['stored']>> = { before: 'failed', at: 'failed', after: 'partial' };

const busy = { status: 429, error: 'The agent is busy' };
const unavailable = { status: 503, error: 'The agent is unavailable' };
const failed = { status: 502, error: 'The agent failed' };
const tookTooLong = { status: 504, error: 'The agent took too long' };
const answered = { status: 200, stored: 'done' } as const;

type Answer = Omit<FaultOutcome, 'stored' | 'invocations'> & Partial<Pick<FaultOutcome, 'stored'>>;

/** A fault at all the places where it can be. */
function fault(name: string, answer: Answer, directives: Partial<Record<FaultPlace, string>>, before = 1): FaultCase[] {
  return (Object.entries(directives) as [FaultPlace, string][]).map(([place, directive]) => ({
    fault: name,
    place,
    directive: `[[fault ${directive}]]`,
    stored: KEPT[place],
    invocations: place === 'before' ? before : 1,
    ...answer,
  }));
}

/** No connection to the agent comes about. */
function noConnection(words: string, unreachable: Unreachable): FaultCase {
  const outcome = { ...unavailable, stored: 'failed', invocations: 0 } as const;
  return { fault: words, place: 'before', directive: '', unreachable, ...outcome };
}

/** An exception of the API: as the status of the response, as the first event of the stream, and later in it. */
function exception(words: string, answer: Answer, status: number, name: string, before = 1): FaultCase[] {
  const times = before > 1 ? ` times=${before}` : '';
  const directives = {
    before: `http-error status=${status} exception=${name}${times}`,
    at: `stream-exception exception=${name} after=0`,
    after: `stream-exception exception=${name} after=2`,
  };
  return fault(`${words} (\`${name}\`)`, answer, directives, before);
}

/**
 * Every fault of the agent that this service tells apart, and what becomes of a turn that meets it. The tests run each
 * row, and `npm run docs:faults` writes docs/faults.md from it.
 */
export const FAULT_CASES: readonly FaultCase[] = [
  ...exception('throttled', busy, 429, 'ThrottlingException', 3),
  ...exception('over quota', busy, 400, 'ServiceQuotaExceededException'),
  ...exception('model not ready', unavailable, 424, 'ModelNotReadyException', 3),
  ...exception('no access', failed, 403, 'AccessDeniedException'),
  ...exception('no such agent', failed, 404, 'ResourceNotFoundException'),
  ...exception('refused request', failed, 400, 'ValidationException'),
  ...exception('conflict', failed, 409, 'ConflictException'),
  ...exception('internal error', failed, 500, 'InternalServerException'),
  ...exception('bad gateway', failed, 502, 'BadGatewayException'),
  ...exception('a dependency failed', failed, 424, 'DependencyFailedException'),
  ...fault('service unavailable (`ServiceUnavailableException`)', unavailable, {
    before: 'http-error status=503 exception=ServiceUnavailableException',
  }),
  ...fault(
    'throttled, then not any more',
    answered,
    { before: 'http-error status=429 exception=ThrottlingException' },
    2,
  ),
  ...fault('not ready, then ready', answered, { before: 'http-error status=424 exception=ModelNotReadyException' }, 2),
  noConnection('connection refused', 'refused'),
  noConnection('connection without a response', 'unanswered'),
  ...fault('connection cut', failed, { before: 'hang-up', at: 'torn after=0', after: 'torn after=2' }),
  ...fault('bad frame', failed, { at: 'corrupt-frame after=0', after: 'corrupt-frame after=2' }),
  ...fault('silence', tookTooLong, { before: 'delay ms=600000', at: 'silence after=0', after: 'silence after=2' }),
  ...fault('too slow', tookTooLong, { after: 'chunks bytes=900000 pause=600' }),
  ...fault('empty reply', failed, { at: 'empty' }),
  ...fault('control returned', failed, { at: 'return-control' }),
  ...fault('control returned after a reply', answered, { after: 'return-control after=2' }),
  ...fault('a reply over 1 MB', failed, { after: 'chunks bytes=1000001' }),
];

/** Whether a turn with the fault ends at its deadline only. */
export const isLate = ({ status }: FaultCase): boolean => status === 504;

/** The deadline of late turns, in milliseconds: enough for the text before a fault, and less than the wait of a stream. */
export const LATE_DEADLINE = '6000';

/** Those that a prompt makes the emulated agent do, in any kind of answer. */
export const DIRECTED_FAULTS = FAULT_CASES.filter(({ unreachable }) => unreachable === undefined);
