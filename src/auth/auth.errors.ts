import { DomainError } from '../common/domain-error.js';

/**
 * Why a token is refused. These words are public, so the compiler holds them: no other reason can be given.
 * One type and not a class per reason, because nobody treats one refusal differently from another.
 */
export type IdTokenFault =
  | 'token is missing'
  | 'token is malformed'
  | 'token is too large'
  | 'token type is not allowed'
  | 'algorithm is not allowed'
  | 'critical header is not supported'
  | 'signing key is unknown'
  | 'signature is invalid'
  | 'token has expired'
  | 'token is not yet valid'
  | 'issuer is invalid'
  | 'audience is invalid'
  | `claim '${string}' is required`
  | `claim '${string}' is invalid`;

/** The caller has not shown who they are. Holds the reason and never a part of the token. */
export class InvalidIdTokenError extends DomainError {
  readonly kind = 'unauthenticated';

  constructor(
    readonly reason: IdTokenFault,
    options?: ErrorOptions,
  ) {
    super(`Invalid id_token: ${reason}`, options);
  }
}

/** The keys that tokens are checked with cannot be fetched: nobody's token is at fault. */
export class SigningKeysUnavailableError extends DomainError {
  readonly kind = 'unavailable';

  constructor(retryAfterSeconds: number, options?: ErrorOptions) {
    super('Signing keys are unavailable', { ...options, retryAfterSeconds });
  }
}
