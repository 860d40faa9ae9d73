import { DomainError } from '../../common/domain-error.js';

/** The request is not what the contract asks for; the message says which part of it. */
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

/** The body is of a type, or compressed in a way, that the service does not read. */
export class UnsupportedBodyError extends DomainError {
  readonly kind = 'unsupported';
}
