import { createSecretKey, type KeyObject } from 'node:crypto';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../config/signing-algorithms.js';
import type { TokenHeader } from '../token/unverified-token.js';

/** A key and the only algorithm that it may be used with. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: SigningAlgorithm;
}

/** The port to the keys that signatures are verified with. */
export abstract class SigningKeys {
  /** The allowed values of a token's `alg`. */
  abstract readonly algorithms: readonly SigningAlgorithm[];

  /**
   * Finds the key that the token's header names.
   *
   * @throws InvalidIdTokenError if there is no such key.
   * @throws DomainError of kind `unavailable` if the keys cannot be read at the moment.
   */
  abstract find(header: TokenHeader): Promise<SigningKey>;

  /**
   * Makes sure that there are keys, before a token asks for one. Keys that need no fetch are always there.
   *
   * @throws what the fetch throws.
   */
  async prepare(): Promise<void> {}
}

/** One secret, shared with the issuer. */
export class SecretSigningKeys extends SigningKeys {
  readonly algorithms: readonly SigningAlgorithm[];
  private readonly signingKey: SigningKey;

  constructor(secret: Uint8Array, algorithm: SigningAlgorithm) {
    super();
    this.algorithms = [algorithm];
    this.signingKey = { key: createSecretKey(secret), algorithm };
  }

  override async find(): Promise<SigningKey> {
    return this.signingKey;
  }
}

/**
 * No keys, because a proxy verifies the signatures. It may use any signing algorithm, but `none` stays refused: nobody
 * has verified such a token.
 */
export class NoSigningKeys extends SigningKeys {
  readonly algorithms = SIGNING_ALGORITHMS;

  /** @throws Error always, so that a call by mistake authenticates nobody. */
  override async find(): Promise<never> {
    throw new Error('There is no signing key: JWT_VERIFY_SIGNATURE is false');
  }
}
