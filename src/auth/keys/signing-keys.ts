import { createSecretKey, type KeyObject } from 'node:crypto';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type TokenHeader } from '../token/unverified-token.js';

/** A key and the one algorithm that it is for. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: SigningAlgorithm;
}

/** The port to wherever the keys come from that tokens are checked with. */
export abstract class SigningKeys {
  /** What a token's `alg` may be at all. */
  abstract readonly algorithms: readonly SigningAlgorithm[];

  /**
   * The key that the token says it was signed with.
   *
   * @throws InvalidIdTokenError when there is no such key.
   * @throws DomainError of kind `unavailable` when that cannot be known at the moment: our fault, not the caller's.
   */
  abstract find(header: TokenHeader): Promise<SigningKey>;
}

/** The one secret that we share with the issuer. */
export class SecretSigningKeys extends SigningKeys {
  readonly algorithms: readonly SigningAlgorithm[];
  private readonly signingKey: SigningKey;

  constructor(secret: string, algorithm: SigningAlgorithm) {
    super();
    this.algorithms = [algorithm];
    // Made once: as a string it would be made into a key again for every token.
    this.signingKey = { key: createSecretKey(secret, 'utf8'), algorithm };
  }

  override async find(): Promise<SigningKey> {
    return this.signingKey;
  }
}

/**
 * No keys, because something in front of us checks the signatures. It may do so with any algorithm that signs; a
 * token that names none was checked by nobody.
 */
export class NoSigningKeys extends SigningKeys {
  readonly algorithms = SIGNING_ALGORITHMS;

  /** @throws Error always: asking for a key here is a bug, and must not let anyone in. */
  override async find(): Promise<never> {
    throw new Error('There is no signing key: JWT_VERIFY_SIGNATURE is false');
  }
}
