import { DomainError } from '../../common/domain-error.js';

/** The chat does not exist, or belongs to another user; a caller cannot tell which. */
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

/** A user has stopped the turn. What the agent had said is kept. */
export class TurnStoppedError extends DomainError {
  readonly kind = 'conflict';

  constructor() {
    super('The turn was stopped');
  }
}

/** The message from which turns were to be replaced is not in the visible history of the chat. No turn has begun. */
export class ReplacedMessageNotFoundError extends DomainError {
  readonly kind = 'invalid';

  constructor() {
    super("Field 'replace_from' is invalid");
  }
}

/** The idempotency key belongs to a turn with another prompt, or one that replaces other turns. */
export class IdempotencyKeyReusedError extends DomainError {
  readonly kind = 'unprocessable';

  constructor() {
    super('Idempotency-Key was used with another request');
  }
}

/** The time of a delete of all chats is up, or a turn is running. Another request continues it. */
export class ChatsRemainError extends DomainError {
  readonly kind = 'unavailable';

  constructor() {
    super('Not all chats are deleted', { retryAfterSeconds: 2 });
  }
}

/** The turn ended after its lease, and another run of the turn has taken its place. That run may still be going on. */
export class TurnSupersededError extends TurnInProgressError {
  constructor() {
    super(1);
  }
}
