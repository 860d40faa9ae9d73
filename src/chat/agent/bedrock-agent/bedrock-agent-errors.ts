import { BedrockAgentRuntimeServiceException } from '@aws-sdk/client-bedrock-agent-runtime';
import { DomainError } from '../../../common/domain-error.js';
import { AgentBusyError, AgentFailedError, AgentTimeoutError, AgentUnavailableError } from '../agent.errors.js';

/** The agent's own names for being over its limits. */
const BUSY = new Set(['ThrottlingException', 'ServiceQuotaExceededException', 'TooManyRequestsException']);
/** The agent's own names for not being there at the moment. */
const UNAVAILABLE = new Set(['ModelNotReadyException', 'ServiceUnavailableException']);
/** No connection came about, so nothing was asked. A connection that broke later is a torn answer instead. */
const NO_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

/** What a connection that had come about was doing when it broke. */
const AFTER_CONNECTION = new Set(['read', 'write']);

/** What an error of the SDK, thrown by the call or by its stream, means to a turn. The SDK's error is the `cause`. */
export function toAgentError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const { name, code, syscall } = namesOf(error);
  if (BUSY.has(name)) return new AgentBusyError({ cause: error });
  const isUnconnected = (NO_CONNECTION.has(code) && !AFTER_CONNECTION.has(syscall)) || isConnectionTimeout(error);
  if (UNAVAILABLE.has(name) || isUnconnected) return new AgentUnavailableError({ cause: error });
  if (isSilence(error)) return new AgentTimeoutError({ cause: error });
  return new AgentFailedError({ cause: error });
}

/** No connection came about in time. The SDK's transport tells its time-outs apart by their text alone. */
function isConnectionTimeout(error: unknown): boolean {
  return isTimeout(error, /not establish a connection/);
}

/** Nothing came over the connection for too long. */
function isSilence(error: unknown): boolean {
  return isTimeout(error, /of inactivity/);
}

function isTimeout(error: unknown, text: RegExp): boolean {
  return error instanceof Error && error.name === 'TimeoutError' && text.test(error.message);
}

/**
 * Whether asking again cannot run a turn twice: the agent refused this one, by the status of its response, before it
 * began. The same exceptions as the first event of a stream come from a turn that has begun: it may have called its
 * tools before its model was throttled.
 */
export function mayAskAgain(error: unknown): boolean {
  const { name } = namesOf(error);
  return (name === 'ThrottlingException' || name === 'ModelNotReadyException') && wasRefused(error);
}

function wasRefused(error: unknown): boolean {
  const status = error instanceof BedrockAgentRuntimeServiceException ? error.$metadata?.httpStatusCode : undefined;
  return status !== undefined && status >= 400;
}

function namesOf(error: unknown): { name: string; code: string; syscall: string } {
  if (!(error instanceof Error)) return { name: '', code: '', syscall: '' };
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { name: error.name, code: code ?? '', syscall: syscall ?? '' };
}
