import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { DomainError } from '../common/domain-error.js';
import { Environment } from '../config/environment.js';
import { AuthSettings } from '../config/settings.js';
import { SIGNING_ALGORITHMS } from '../config/signing-algorithms.js';
import { InvalidIdTokenError } from './auth.errors.js';
import { IdTokenGuard } from './id-token.guard.js';
import { IdTokenStrategy } from './id-token.strategy.js';
import { NoSigningKeys, type SigningKey, SigningKeys } from './keys/signing-keys.js';
import type { TokenHeader } from './token/unverified-token.js';
import type { User } from './user.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Keys that arrive late or not at all, like keys from another server. */
class RemoteKeys extends SigningKeys {
  readonly algorithms = ['RS256', 'ES256'] as const;

  constructor(override readonly find: (header: TokenHeader) => Promise<SigningKey>) {
    super();
  }
}
class KeysDownError extends DomainError {
  readonly kind = 'unavailable';
}

const sign = (sub = 'alice', algorithm: 'ES256' | 'RS256' = 'ES256') =>
  jwt.sign({ sub, email: 'a@example.com', username: 'a' }, algorithm === 'ES256' ? ec.privateKey : rsa.privateKey, {
    algorithm,
    expiresIn: 60,
  });

/** Authenticates through the guard, which turns passport's results into errors. */
function createAuthenticator(keys: SigningKeys): (token: string) => Promise<User> {
  const guard = new IdTokenGuard(new IdTokenStrategy(new AuthSettings(new Environment()), keys));
  return async (token) => {
    const request: { user?: User; rawHeaders: string[] } = { rawHeaders: ['id_token', token] };
    const http = { getRequest: () => request, getResponse: () => ({}) };
    await guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
    return request.user!;
  };
}

describe('IdTokenStrategy', () => {
  it('finds the key by the header and verifies the signature with it', async () => {
    const authenticate = createAuthenticator(
      new RemoteKeys(async ({ alg: algorithm }) => ({
        key: algorithm === 'ES256' ? ec.publicKey : rsa.publicKey,
        algorithm,
      })),
    );
    expect(await authenticate(sign('alice', 'ES256'))).toMatchObject({
      id: 'alice',
      email: 'a@example.com',
      username: 'a',
    });
    expect((await authenticate(sign('alice', 'RS256'))).id).toBe('alice');
  });

  it('refuses a signature of the wrong length, for which jsonwebtoken throws', async () => {
    const authenticate = createAuthenticator(new RemoteKeys(async () => ({ key: ec.publicKey, algorithm: 'ES256' })));
    const refused = authenticate(sign().replace(/[^.]*$/, 'AAAA'));
    await expect(refused).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'signature is invalid' });
  });

  it('refuses a token if its key is for another algorithm', async () => {
    const authenticate = createAuthenticator(new RemoteKeys(async () => ({ key: rsa.publicKey, algorithm: 'RS256' })));
    await expect(authenticate(sign('alice', 'ES256'))).rejects.toThrow(
      new InvalidIdTokenError('algorithm is not allowed'),
    );
  });

  it('does not look for a key if the token is malformed', async () => {
    const asked: TokenHeader[] = [];
    const authenticate = createAuthenticator(
      new RemoteKeys(async (header) => {
        asked.push(header);
        return { key: ec.publicKey, algorithm: 'ES256' };
      }),
    );
    for (const token of ['x', sign().replace('.', '..'), jwt.sign({}, 'secret')]) {
      await expect(authenticate(token)).rejects.toBeInstanceOf(InvalidIdTokenError);
    }
    expect(asked).toEqual([]);
  });

  it.each([new KeysDownError('Signing keys are unavailable'), new TypeError('a bug')])(
    'throws an error of the keys unchanged: %s',
    async (error) => {
      await expect(createAuthenticator(new RemoteKeys(() => Promise.reject(error)))(sign())).rejects.toBe(error);
      const thrower = new RemoteKeys(() => {
        throw error;
      });
      await expect(createAuthenticator(thrower)(sign())).rejects.toBe(error);
    },
  );

  it('authenticates nobody if the signature is to be verified and there are no keys', async () => {
    await expect(createAuthenticator(new NoSigningKeys(SIGNING_ALGORITHMS))(sign())).rejects.toThrow(
      'There is no signing key',
    );
  });

  it('does not mix up requests that wait for their keys at the same time', async () => {
    let waiting = 20;
    const authenticate = createAuthenticator(
      new RemoteKeys(async () => {
        // The first request gets its key last.
        waiting -= 1;
        await sleep(waiting);
        return { key: ec.publicKey, algorithm: 'ES256' };
      }),
    );
    const names = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const users = await Promise.all(names.map((name) => authenticate(sign(name))));
    expect(users.map(({ id }) => id)).toEqual(names);
  });
});
