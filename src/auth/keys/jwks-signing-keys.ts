import { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { createRemoteJWKSet } from 'jose';
import { InvalidIdTokenError, SigningKeysUnavailableError } from '../auth.errors.js';
import type { SigningAlgorithm } from '../../config/signing-algorithms.js';
import type { TokenHeader } from '../token/unverified-token.js';
import { fetchKeySet } from './fetch-key-set.js';
import { type SigningKey, SigningKeys } from './signing-keys.js';

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Age at which keys are fetched again in the background, so that withdrawn keys disappear. */
const REFRESH_MILLISECONDS = 10 * 60_000;
/** How long cached keys work while the key server is down. */
const KEEP_MILLISECONDS = 6 * 60 * 60_000;
/** An unknown key causes a fetch, but at the earliest this long after the last one. */
const COOL_DOWN_MILLISECONDS = 30_000;
/** Pause after a failed fetch. */
const FAILURE_PAUSE_MILLISECONDS = 5_000;
/** Time limit of a fetch, including its body. */
const TIMEOUT_MILLISECONDS = 3_000;
const KEY_ID_MAX_CHARACTERS = 512;

/**
 * The keys that an issuer publishes at a URL. The library jose caches them, shares one fetch among waiting requests, and
 * finds the key of a token. Our limits bound the response, the rate of fetches, and the keys that are accepted.
 */
export class JwksSigningKeys extends SigningKeys {
  private readonly logger = new Logger(JwksSigningKeys.name);
  private keySet: Promise<KeySet> | undefined;
  /** Epoch milliseconds of the last fetch. */
  private fetchedAt = 0;
  /** Epoch milliseconds of the last fetch that succeeded. */
  private loadedAt = 0;
  /** Epoch milliseconds until which no fetch is sent. */
  private pausedUntil = 0;
  /** The latest refresh; it never rejects. */
  private refreshing: Promise<void> | undefined;

  /**
   * @param algorithms - the algorithms of key pairs that tokens may have.
   * @param timeout - time limit of a fetch, in milliseconds.
   */
  constructor(
    private readonly url: URL,
    readonly algorithms: readonly SigningAlgorithm[],
    private readonly timeout: number = TIMEOUT_MILLISECONDS,
  ) {
    super();
  }

  /**
   * @throws InvalidIdTokenError if the set has no such key, or has it for another algorithm.
   * @throws SigningKeysUnavailableError if the set, or a set with this key, cannot be fetched.
   */
  override async find({ alg, kid }: TokenHeader): Promise<SigningKey> {
    if (kid !== undefined && !isKeyId(kid)) throw new InvalidIdTokenError('signing key is unknown');
    const keySet = await (this.keySet ??= this.createKeySet());
    await this.refresh(keySet);
    try {
      const key = await keySet({ alg, ...(kid !== undefined && { kid }) });
      return { key: KeyObject.from(key), algorithm: alg };
    } catch (error) {
      throw this.toRefusal(error, keySet, kid);
    }
  }

  /** Fetches the key set unless it is cached. After a failed fetch it fails at once, until the pause is over. */
  override async prepare(): Promise<void> {
    const keySet = await (this.keySet ??= this.createKeySet());
    if (!keySet.fresh) await keySet.reload();
  }

  /** Loads jose on first use, because a service with a secret does not need it. */
  private async createKeySet(): Promise<KeySet> {
    const jose = await import('jose');
    return jose.createRemoteJWKSet(this.url, {
      cacheMaxAge: KEEP_MILLISECONDS,
      cooldownDuration: COOL_DOWN_MILLISECONDS,
      timeoutDuration: this.timeout,
      [jose.customFetch]: (url: string, init: RequestInit) => this.fetch(url, init),
    });
  }

  /** Pauses after a failure. jose does not: it counts its cool-down from the last success. */
  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const now = Date.now();
    if (now < this.pausedUntil) throw new Error('fetches are paused after a failure');
    this.fetchedAt = now;
    try {
      const response = await fetchKeySet(url, this.algorithms, init);
      this.loadedAt = Date.now();
      return response;
    } catch (error) {
      this.pausedUntil = Date.now() + FAILURE_PAUSE_MILLISECONDS;
      throw error;
    }
  }

  /**
   * Starts a refresh of old keys from a request, because a timer would not run in a frozen Lambda function. Requests wait
   * for it only after two periods without success: a background fetch may be frozen every time.
   */
  private async refresh(keySet: KeySet): Promise<void> {
    const now = Date.now();
    if (!keySet.fresh) return;
    if (!keySet.reloading && now >= Math.max(this.fetchedAt + REFRESH_MILLISECONDS, this.pausedUntil)) {
      this.refreshing = keySet.reload().catch((error: unknown) => {
        this.logger.warn(`Cannot refresh the signing keys (${toErrorName(error)}); the cached keys stay in use`);
      });
    }
    if (now > this.loadedAt + 2 * REFRESH_MILLISECONDS) await this.refreshing;
  }

  private toRefusal(error: unknown, keySet: KeySet, kid: string | undefined): Error {
    switch (error instanceof Error && 'code' in error && error.code) {
      case 'ERR_JWKS_NO_MATCHING_KEY':
        return new InvalidIdTokenError(hasKey(keySet, kid) ? 'algorithm is not allowed' : 'signing key is unknown');
      case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
        // The token names no key and several would fit. We do not try them all.
        return new InvalidIdTokenError('signing key is unknown');
      default: {
        const retryAfterSeconds = Math.max(1, Math.ceil((this.pausedUntil - Date.now()) / 1000));
        return new SigningKeysUnavailableError(retryAfterSeconds, { cause: error });
      }
    }
  }
}

/** RFC 7515, section 4.1.4: a `kid` is a string. */
function isKeyId(kid: unknown): kid is string {
  return typeof kid === 'string' && kid.length <= KEY_ID_MAX_CHARACTERS;
}

function hasKey(keySet: KeySet, kid: string | undefined): boolean {
  return kid !== undefined && keySet.jwks()?.keys.some((key) => key.kid === kid) === true;
}

/** The name only: the message may quote the key server. */
function toErrorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
