import { DomainError, type DomainErrorOptions } from './domain-error.js';

/** The table cannot be reached, denies access, or throttles. */
export class StorageUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  constructor(options?: Omit<DomainErrorOptions, 'retryAfterSeconds'>) {
    super('Storage is unavailable', { ...options, retryAfterSeconds: 2 });
  }
}

/** The table has no such index, or DynamoDB still fills it. */
export class IndexUnavailableError extends StorageUnavailableError {
  constructor(index: string, options?: ErrorOptions) {
    super({ ...options, advice: `The index ${index} of the table is missing or not ready: npm run table adds it` });
  }
}
