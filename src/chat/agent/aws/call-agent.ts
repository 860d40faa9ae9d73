import type { AgentEvent } from '../agent.js';
import { AgentFailedError } from '../agent.errors.js';
import { askAgain } from './ask-again.js';
import { toAgentError } from './aws-agent-errors.js';

/** One call to a service of AWS whose response is a stream of `E`. */
export interface AgentCall<E> {
  /** Sends the request. It is sent again if the service refuses it before anything ran. */
  readonly send: (abortSignal: AbortSignal) => Promise<AsyncIterable<E> | undefined>;
  /** Reads the stream as a reply. */
  readonly read: (stream: AsyncIterable<E>) => AsyncIterable<AgentEvent>;
}

/**
 * Calls a service of AWS, and yields its reply. The call ends with the iteration.
 *
 * @throws the errors of `agent.errors.ts`, or the reason of the signal once it has aborted.
 */
export async function* callAgent<E>(signal: AbortSignal, { send, read }: AgentCall<E>): AsyncGenerator<AgentEvent> {
  // If the caller leaves the loop early, only an abort ends the call to the agent.
  const call = new AbortController();
  const abortSignal = AbortSignal.any([signal, call.signal]);
  try {
    const stream = await askAgain(() => send(abortSignal), abortSignal);
    if (!stream) throw new AgentFailedError();
    yield* read(stream);
  } catch (error) {
    throw signal.aborted ? signal.reason : toAgentError(error);
  } finally {
    call.abort();
  }
}
