import {
  type AgentName,
  busy,
  CLASSIC,
  CONVERSE,
  exception,
  exceptionEvent,
  failed,
  fault,
  type FaultCase,
  type FaultOutcome,
  type FaultRow,
  HARNESS,
  MESSAGES,
  noConnection,
  noText,
  replied,
  stops,
  tookTooLong,
  unavailable,
} from './fault-rows.js';

/**
 * Every fault of an agent that this service tells apart, and what becomes of a turn that meets it. Exceptions are rows of
 * the agents whose API has them. The tests run each cell, and `npm run docs:faults` writes docs/faults.md from it.
 */
export const FAULT_ROWS: readonly FaultRow[] = [
  ...exception('throttled', busy, { status: 429, name: 'ThrottlingException', attempts: 3 }),
  ...exception('over quota', busy, {
    status: 400,
    name: 'ServiceQuotaExceededException',
    agents: [...CLASSIC, ...HARNESS],
  }),
  ...exception('model not ready', unavailable, {
    status: 424,
    name: 'ModelNotReadyException',
    attempts: 3,
    agents: [...CLASSIC, ...CONVERSE],
  }),
  ...exception('no access', failed, { status: 403, name: 'AccessDeniedException' }),
  ...exception('no such agent', failed, { status: 404, name: 'ResourceNotFoundException' }),
  ...exception('refused request', failed, { status: 400, name: 'ValidationException' }),
  ...exception('conflict', failed, { status: 409, name: 'ConflictException', agents: CLASSIC }),
  ...exception('internal error', failed, { status: 500, name: 'InternalServerException' }),
  ...exception('bad gateway', failed, { status: 502, name: 'BadGatewayException', agents: CLASSIC }),
  ...exception('dependency failed', failed, { status: 424, name: 'DependencyFailedException', agents: CLASSIC }),
  ...exception('runtime failed', failed, { status: 424, name: 'RuntimeClientError', agents: HARNESS }),
  ...exception('model failed', failed, { status: 424, name: 'ModelErrorException', agents: CONVERSE }),
  ...fault(
    'model failed (`ModelStreamErrorException`)',
    failed,
    {
      at: 'stream-exception exception=ModelStreamErrorException after=0',
      after: 'stream-exception exception=ModelStreamErrorException after=2',
    },
    { agents: CONVERSE },
  ),
  ...fault(
    'model timed out (`ModelTimeoutException`)',
    failed,
    { before: 'http-error status=408 exception=ModelTimeoutException' },
    { agents: CONVERSE },
  ),
  ...fault('service unavailable (`ServiceUnavailableException`)', unavailable, {
    before: 'http-error status=503 exception=ServiceUnavailableException',
  }),
  ...fault(
    'session busy (`RetryableConflictException`)',
    unavailable,
    { before: 'http-error status=409 exception=RetryableConflictException times=3' },
    { attempts: 3, agents: HARNESS },
  ),
  ...fault(
    'throttled, then not any more',
    replied('stop'),
    { before: 'http-error status=429 exception=ThrottlingException' },
    { attempts: 2 },
  ),
  ...fault(
    'not ready, then ready',
    replied('stop'),
    { before: 'http-error status=424 exception=ModelNotReadyException' },
    { attempts: 2, agents: [...CLASSIC, ...CONVERSE] },
  ),
  ...fault('HTML with status 402', busy, { before: 'html-error status=402' }),
  ...[409, 424, 504].flatMap((status) =>
    fault(`HTML with status ${status}`, failed, { before: `html-error status=${status}` }),
  ),
  noConnection('connection refused', 'refused'),
  noConnection('connection without a response', 'unanswered'),
  ...fault('connection cut', failed, { before: 'hang-up', at: 'torn after=0', after: 'torn after=2' }),
  ...fault('bad frame', failed, { at: 'corrupt-frame after=0', after: 'corrupt-frame after=2' }),
  ...fault('silence', tookTooLong, { before: 'delay ms=600000', at: 'silence after=0', after: 'silence after=2' }),
  ...fault('too slow', tookTooLong, { after: 'chunks bytes=100000 pause=3000' }),
  ...fault('empty reply', failed, { at: 'empty' }),
  ...noText('no text', 'end_turn'),
  ...noText('no text, and a filter', 'content_filtered'),
  ...fault('control returned', failed, { at: 'return-control' }),
  ...fault(
    'control returned after a reply',
    failed,
    { after: 'return-control after=2' },
    { others: { 'Bedrock Agents': replied('stop') } },
  ),
  ...fault('a reply over 1 MB', failed, { after: 'chunks bytes=1000001' }),
  ...exceptionEvent('internal error', 'InternalServerException', MESSAGES),
  ...exceptionEvent('runtime failed', 'RuntimeClientError', HARNESS),
  ...fault('no stop reason', failed, { after: 'no-stop' }, { agents: MESSAGES }),
  ...stops(failed, ['tool_use']),
  ...stops(replied('stop'), ['end_turn', 'stop_sequence']),
  ...stops(replied('length'), ['max_tokens', 'model_context_window_exceeded']),
  ...stops(replied('length'), ['max_output_tokens_exceeded'], HARNESS),
  ...stops(replied('content-filter'), ['content_filtered']),
  ...stops(replied('content-filter'), ['hook_stopped'], HARNESS),
  ...stops(replied('content-filter'), ['guardrail_intervened'], CONVERSE),
  ...stops(replied('other'), ['malformed_model_output', 'malformed_tool_use']),
  ...stops(replied('other'), ['max_iterations_exceeded', 'timeout_exceeded', 'interrupted', 'partial_turn'], HARNESS),
  ...fault('rounds of tools', replied('stop'), { after: 'tool-rounds' }, { agents: MESSAGES }),
  ...fault('split surrogates', replied('stop'), { after: 'split-surrogates' }, { agents: MESSAGES }),
];

/** The cells of an agent. */
export function listFaultCases(agent: AgentName): FaultCase[] {
  return FAULT_ROWS.flatMap(({ outcomes, ...placed }) => {
    const outcome = outcomes[agent];
    return outcome ? [{ ...placed, ...outcome, agent }] : [];
  });
}

/** Whether a turn with the fault ends at its deadline only. */
export const isLate = ({ status }: FaultOutcome): boolean => status === 504;

/** Whether a turn with the fault mostly waits: for its deadline, for a connection, or until the agent is asked again. */
export const isWaiting = (row: FaultCase): boolean =>
  isLate(row) || row.unreachable === 'unanswered' || row.invocations > 1;

/** The deadline of late turns, in milliseconds: enough for the text before a fault, and less than the wait of a stream. */
export const LATE_DEADLINE = '9000';

/** The faults of Bedrock Agents that a prompt causes, in any kind of response. */
export const DIRECTED_FAULTS = listFaultCases('Bedrock Agents').filter(({ unreachable }) => unreachable === undefined);
