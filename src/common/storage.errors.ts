import { DomainError, type DomainErrorOptions } from './domain-error.js';

/** The table cannot be reached, denies access, or throttles. */
export class StorageUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  constructor(options?: Omit<DomainErrorOptions, 'retryAfterSeconds'>) {
    super('Storage is unavailable', { ...options, retryAfterSeconds: 2 });
  }
}
