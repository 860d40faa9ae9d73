import { DomainError } from '../../common/domain-error.js';

/** The chat does not exist, or is another user's: a caller cannot tell which. */
export class ChatNotFoundError extends DomainError {
  readonly kind = 'not-found';

  constructor() {
    super('Chat not found');
  }
}

/** Another turn of the chat is running and holds its lease. */
export class TurnInProgressError extends DomainError {
  readonly kind = 'conflict';

  constructor(retryAfterSeconds: number) {
    super('A turn is already in progress', { retryAfterSeconds });
  }
}

/** The key has been used with another prompt. */
export class IdempotencyKeyReusedError extends DomainError {
  readonly kind = 'unprocessable';

  constructor() {
    super('Idempotency-Key was used with another request');
  }
}

/** A cursor that was not given out for this user and chat. */
export class InvalidCursorError extends DomainError {
  readonly kind = 'invalid';

  constructor() {
    super(`Query 'cursor' is invalid`);
  }
}

/** The turn ended so long after its lease that another run of it has been accepted instead, and may be running. */
export class TurnSupersededError extends TurnInProgressError {
  constructor() {
    super(1);
  }
}
