import { DomainError } from '../../common/domain-error.js';

/** The request breaks the contract; the message names the part that is wrong. */
export class InvalidRequestError extends DomainError {
  readonly kind = 'invalid';
}

/** The body is larger than the service reads. */
export class BodyTooLargeError extends DomainError {
  readonly kind = 'too-large';

  constructor() {
    super('Request body is too large');
  }
}

/** The bodies that are being read leave no room for another one. */
export class ServiceBusyError extends DomainError {
  readonly kind = 'unavailable';

  constructor() {
    super('The service is busy', { retryAfterSeconds: 1 });
  }
}

/** The service does not read bodies of this type or coding. */
export class UnsupportedBodyError extends DomainError {
  readonly kind = 'unsupported';
}
