import { KeyObject, type webcrypto } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { createRemoteJWKSet } from 'jose';
import { InvalidIdTokenError, SigningKeysUnavailableError } from '../auth.errors.js';
import { fetchKeySet } from './fetch-key-set.js';
import { type SigningKey, SigningKeys } from './signing-keys.js';
import type { SigningAlgorithm, TokenHeader } from '../token/unverified-token.js';

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Keys are fetched again in the background once they are this old: a key taken away is gone by then. */
const REFRESH_MILLISECONDS = 10 * 60_000;
/** The longest outage of the key server to live through on the keys that are there. */
const KEEP_MILLISECONDS = 6 * 60 * 60_000;
/** An unknown key makes us look for it, but not sooner than this after the last look. */
const COOL_DOWN_MILLISECONDS = 30_000;
/** After a failure the key server is left alone for this long. */
const FAILURE_PAUSE_MILLISECONDS = 5_000;
/** A key set has to be here by then, its body included; nobody's login waits longer. */
const TIMEOUT_MILLISECONDS = 3_000;
const KEY_ID_MAX_CHARACTERS = 512;

/**
 * The keys that an issuer publishes at a URL. jose caches them, joins requests for them and finds the one that a token
 * names; around that stand limits of our own: on what the server sends, on how often it is asked, and, in
 * `usable-keys.ts`, on what a key may be. A `kid` is compared and never becomes a part of a URL.
 */
export class JwksSigningKeys extends SigningKeys {
  readonly algorithms: readonly SigningAlgorithm[] = ['RS256', 'ES256'];
  private readonly logger = new Logger(JwksSigningKeys.name);
  private readonly signingKeys = new WeakMap<webcrypto.CryptoKey, SigningKey>();
  private keySet: Promise<KeySet> | undefined;
  /** Epoch milliseconds. */
  private askedAt = 0;
  /** Epoch milliseconds of the last key set that came. */
  private answeredAt = 0;
  private askNotBefore = 0;
  /** The latest refresh; it never fails. */
  private refreshing: Promise<void> | undefined;

  /** @param timeout - milliseconds a key set may take. */
  constructor(
    private readonly url: URL,
    private readonly timeout: number = TIMEOUT_MILLISECONDS,
  ) {
    super();
  }

  /**
   * @throws InvalidIdTokenError when the set has no such key, or has it for another algorithm.
   * @throws SigningKeysUnavailableError when there is no set, or the key is not in it and it cannot be fetched anew.
   */
  override async find({ alg, kid }: TokenHeader): Promise<SigningKey> {
    if (kid !== undefined && !isKeyId(kid)) throw new InvalidIdTokenError('signing key is unknown');
    const keySet = await (this.keySet ??= this.open());
    await this.refresh(keySet);
    try {
      return this.signingKeyOf(await keySet({ alg, ...(kid !== undefined && { kid }) }), alg);
    } catch (error) {
      throw this.refusalOf(error, keySet, kid);
    }
  }

  /** jose is loaded only here: a service with a secret does without it. */
  private async open(): Promise<KeySet> {
    const jose = await import('jose');
    return jose.createRemoteJWKSet(this.url, {
      cacheMaxAge: KEEP_MILLISECONDS,
      cooldownDuration: COOL_DOWN_MILLISECONDS,
      timeoutDuration: this.timeout,
      [jose.customFetch]: (url: string, init: RequestInit) => this.request(url, init),
    });
  }

  /** jose counts its cool-down from the last success, so a server that is down would be asked for every token. */
  private async request(url: string, init: RequestInit): Promise<Response> {
    const now = Date.now();
    if (now < this.askNotBefore) throw new Error('the key server is left alone for a while');
    this.askedAt = now;
    try {
      const answer = await fetchKeySet(url, init);
      this.answeredAt = Date.now();
      return answer;
    } catch (error) {
      this.askNotBefore = Date.now() + FAILURE_PAUSE_MILLISECONDS;
      throw error;
    }
  }

  /**
   * By the way of a request and not by a timer, which a frozen Lambda would not run. Nobody waits for it, unless it has
   * failed for a while, and then everybody does: what nobody waits for may be frozen in mid-way each time.
   */
  private async refresh(keySet: KeySet): Promise<void> {
    const now = Date.now();
    if (!keySet.fresh) return;
    if (!keySet.reloading && now >= Math.max(this.askedAt + REFRESH_MILLISECONDS, this.askNotBefore)) {
      this.refreshing = keySet.reload().catch((error: unknown) => {
        this.logger.warn(`The signing keys could not be refreshed (${nameOf(error)}); the old ones are used on`);
      });
    }
    if (now > this.answeredAt + 2 * REFRESH_MILLISECONDS) await this.refreshing;
  }

  private signingKeyOf(cryptoKey: webcrypto.CryptoKey, algorithm: SigningAlgorithm): SigningKey {
    let found = this.signingKeys.get(cryptoKey);
    if (!found) {
      found = { key: KeyObject.from(cryptoKey), algorithm };
      this.signingKeys.set(cryptoKey, found);
    }
    return found;
  }

  private refusalOf(error: unknown, keySet: KeySet, kid: string | undefined): Error {
    switch (error instanceof Error && 'code' in error && error.code) {
      case 'ERR_JWKS_NO_MATCHING_KEY':
        return new InvalidIdTokenError(hasKey(keySet, kid) ? 'algorithm is not allowed' : 'signing key is unknown');
      case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
        // A token that does not say which of several keys it means is not worth trying them all.
        return new InvalidIdTokenError('signing key is unknown');
      default:
        return new SigningKeysUnavailableError(this.secondsToWait(), { cause: error });
    }
  }

  private secondsToWait(): number {
    return Math.max(1, Math.ceil((this.askNotBefore - Date.now()) / 1000));
  }
}

/** RFC 7515, 4.1.4: a string. Whatever else it may be, it names no key. */
function isKeyId(kid: unknown): kid is string {
  return typeof kid === 'string' && kid.length <= KEY_ID_MAX_CHARACTERS;
}

function hasKey(keySet: KeySet, kid: string | undefined): boolean {
  return kid !== undefined && keySet.jwks()?.keys.some((key) => key.kid === kid) === true;
}

/** Never the message: it may quote what the server sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
