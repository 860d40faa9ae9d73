import { DomainError, type DomainErrorOptions } from './domain-error.js';

export interface StorageErrorOptions extends Omit<DomainErrorOptions, 'retryAfterSeconds'> {
  /** What is wrong with the table, in fixed words. */
  readonly reason: string;
}

/** The table cannot be reached, denies access, or throttles. */
export class StorageUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  override readonly reason: string;

  constructor({ reason, ...options }: StorageErrorOptions) {
    super('Storage is unavailable', { ...options, retryAfterSeconds: 2 });
    this.reason = reason;
  }
}

/** The table has no such index, or DynamoDB still fills it. */
export class IndexUnavailableError extends StorageUnavailableError {
  constructor(index: string, options?: ErrorOptions) {
    super({
      ...options,
      reason: 'its index is missing or not ready',
      advice: `The index ${index} of the table is missing or not ready: npm run table adds it`,
    });
  }
}

/** The place of a value that cannot be read. It holds no user id and no contents. */
export interface UnreadablePlace {
  /** The id of the chat. */
  readonly chat: string;
  /** The item: `head`, or the number of a turn. */
  readonly part: string;
  /** The path of the value in the item, such as `messages[3].role`. */
  readonly attribute: string;
}

/** An item of the table holds something that this service cannot read with certainty. */
export class UnreadableItemError extends Error {
  override readonly name = 'UnreadableItemError';

  constructor(readonly item: UnreadablePlace) {
    super('An item cannot be read');
  }
}
