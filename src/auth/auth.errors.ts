import { DomainError } from '../common/domain-error.js';

/** The reasons to refuse a token that name no claim. */
export const ID_TOKEN_FAULTS = [
  'token is missing',
  'token is malformed',
  'token is too large',
  'token type is not allowed',
  'algorithm is not allowed',
  'critical header is not supported',
  'signing key is unknown',
  'signature is invalid',
  'token has expired',
  'token is not yet valid',
  'issuer is invalid',
  'audience is invalid',
] as const;

/**
 * Every reason to refuse a token. The texts are public; the type allows no others. One error class serves them all,
 * because no caller handles one reason differently from another.
 */
export type IdTokenFault =
  (typeof ID_TOKEN_FAULTS)[number] | `claim '${string}' is required` | `claim '${string}' is invalid`;

/** The request has no valid token. Holds the reason and no part of the token. */
export class InvalidIdTokenError extends DomainError {
  readonly kind = 'unauthenticated';

  constructor(
    override readonly reason: IdTokenFault,
    options?: ErrorOptions,
  ) {
    super(`Invalid id_token: ${reason}`, options);
  }
}

/** The signing keys cannot be fetched. The token is not at fault. */
export class SigningKeysUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  constructor(retryAfterSeconds: number, options?: ErrorOptions) {
    super('Signing keys are unavailable', { ...options, retryAfterSeconds });
  }
}
