import { DomainError } from '../../common/domain-error.js';

/** The agent throttles us or is over its quota, also after our own retries. */
export class AgentBusyError extends DomainError {
  readonly kind = 'throttled';

  constructor(options?: ErrorOptions) {
    super('The agent is busy', { ...options, retryAfterSeconds: 5 });
  }
}

/** The agent or its model is not ready, or cannot be reached. */
export class AgentUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  constructor(options?: ErrorOptions) {
    super('The agent is unavailable', { ...options, retryAfterSeconds: 5 });
  }
}

/** Any other failure of the agent: a dependency, access, its configuration, a torn stream, an empty reply. */
export class AgentFailedError extends DomainError {
  readonly kind = 'upstream-failed';

  constructor(options?: ErrorOptions) {
    super('The agent failed', options);
  }
}

/** The deadline passed before the reply was complete, or the agent was silent for too long. */
export class AgentTimeoutError extends DomainError {
  readonly kind = 'timed-out';

  constructor(options?: ErrorOptions) {
    super('The agent took too long', options);
  }
}
