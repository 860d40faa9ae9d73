import { DomainError } from '../common/domain-error.js';

/** Something that every turn needs is missing. The details name it and show no value. */
export class NotReadyError extends DomainError {
  readonly kind = 'unavailable';

  constructor(missing: readonly string[]) {
    super('Not ready', { retryAfterSeconds: 1, detail: missing.join('; '), isLogged: true });
  }
}
