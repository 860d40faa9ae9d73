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

/** The service does not read bodies of this type or coding. */
export class UnsupportedBodyError extends DomainError {
  readonly kind = 'unsupported';
}
