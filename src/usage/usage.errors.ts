import { DomainError } from '../common/domain-error.js';

/** The user has begun as many turns as the quota allows. */
export class TooManyTurnsError extends DomainError {
  readonly kind = 'throttled';

  constructor(retryAfterSeconds: number) {
    super('Too many requests', { retryAfterSeconds });
  }
}
