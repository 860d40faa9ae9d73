import { DomainError } from '../../../common/domain-error.js';
import { AgentBusyError, AgentFailedError, AgentTimeoutError, AgentUnavailableError } from '../agent.errors.js';

/** AWS errors for an agent over its limits. They become 429. */
const BUSY = new Set(['ThrottlingException', 'ServiceQuotaExceededException', 'TooManyRequestsException']);
/** AWS errors for an agent that is not ready. They become 503. */
const UNAVAILABLE = new Set(['ModelNotReadyException', 'ServiceUnavailableException', 'RetryableConflictException']);
/** Statuses with the same meaning. A gateway sends them with HTML, which the SDK reports as a SyntaxError. */
const BUSY_STATUSES = new Set<number | undefined>([402, 429]);
const UNAVAILABLE_STATUS = 503;
/** AWS errors for a turn that was refused before it ran, beside the status 429. */
const REFUSALS = new Set(['ThrottlingException', 'ModelNotReadyException', 'RetryableConflictException']);
/** Node's errors for a connection that could not be made. They become 503. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
/** System calls of a connection that was made. If one of them fails, the reply is torn. */
const CONNECTED = new Set(['read', 'write']);

/** Converts an error of the SDK, from the call or from its stream. The SDK's error is the `cause`. */
export function toAgentError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const cause = { cause: error };
  const { name } = toNames(error);
  const status = findStatus(error);
  // Names come before statuses: Bedrock sends ModelNotReadyException with the status 429.
  if (BUSY.has(name)) return new AgentBusyError(cause);
  if (UNAVAILABLE.has(name) || isUnconnected(error)) return new AgentUnavailableError(cause);
  if (BUSY_STATUSES.has(status)) return new AgentBusyError(cause);
  if (status === UNAVAILABLE_STATUS) return new AgentUnavailableError(cause);
  // The connection was silent for too long.
  if (isTimeout(error, /of inactivity/)) return new AgentTimeoutError(cause);
  return new AgentFailedError(cause);
}

/**
 * Whether the agent refused the turn before it ran, so that a second attempt cannot run it twice. The status of the
 * response proves it. The same exception inside a stream does not: the agent may have called tools before.
 */
export function isRefusal(error: unknown): boolean {
  const status = findStatus(error);
  return status !== undefined && status >= 400 && (status === 429 || REFUSALS.has(toNames(error).name));
}

/** The status of an HTTP response. An error inside a stream has none. */
function findStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata: metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return metadata?.httpStatusCode;
}

function isUnconnected(error: unknown): boolean {
  const { code, syscall } = toNames(error);
  return (NO_CONNECTION.has(code) && !CONNECTED.has(syscall)) || isTimeout(error, /not establish a connection/);
}

/** The SDK's time-outs have one name. Only their texts differ. */
function isTimeout(error: unknown, text: RegExp): boolean {
  return error instanceof Error && error.name === 'TimeoutError' && text.test(error.message);
}

function toNames(error: unknown): { name: string; code: string; syscall: string } {
  if (!(error instanceof Error)) return { name: '', code: '', syscall: '' };
  const { name, code = '', syscall = '' } = error as NodeJS.ErrnoException;
  // An exception that the SDK has no class for has its name of the wire, which begins in lower case.
  return { name: name.charAt(0).toUpperCase() + name.slice(1), code, syscall };
}
