import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import passport from 'passport';
import { Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import { AuthSettings } from '../config/settings.js';
import { InvalidIdTokenError } from './auth.errors.js';
import { SigningKeys } from './keys/signing-keys.js';
import { parseUser } from './token/token-claims.js';
import { extractIdToken } from './token/id-token.header.js';
import { type JsonObject, parseUnverifiedToken } from './token/unverified-token.js';
import type { User } from './user.js';

/**
 * Verifies a token in three steps. {@link parseUnverifiedToken} checks its form, jsonwebtoken its signature, and
 * {@link parseUser} its claims.
 */
@Injectable()
export class IdTokenStrategy extends PassportStrategy(Strategy, 'id-token') {
  constructor(
    private readonly settings: AuthSettings,
    private readonly keys: SigningKeys,
  ) {
    super({
      jwtFromRequest: extractIdToken,
      secretOrKeyProvider: createKeyProvider(keys),
      algorithms: [...keys.algorithms],
      // Times are claims, which parseUser checks.
      ignoreExpiration: true,
      // oxlint-disable-next-line typescript/no-deprecated -- a slip of the typings: only the line above is deprecated
      jsonWebTokenOptions: { ignoreNotBefore: true },
    });
    // Passport has one registry per process. With a common name, the newest app would check the tokens of all apps.
    this.name = `id-token-${randomUUID()}`;
    passport.use(this);
  }

  /** Called by passport on a copy of this strategy that carries the callbacks of one request. */
  override authenticate(request: Request): void {
    if (this.settings.verifiesSignature) {
      super.authenticate(request);
      return;
    }
    // A proxy has verified the signature. All other checks still apply.
    this.success(this.validate(parseUnverifiedToken(extractIdToken(request), this.keys.algorithms).payload));
  }

  /** Called with the claims of a token whose signature is valid. */
  validate(claims: JsonObject): User {
    return parseUser(claims, this.settings);
  }
}

/**
 * Creates the callback that checks the token's form and finds its key. passport-jwt calls it as a method of the strategy.
 * It reports errors by `strategy.error`, because passport-jwt turns an error given to `done` into a failed login.
 */
function createKeyProvider(keys: SigningKeys): SecretOrKeyProvider<Request> {
  const provide = async (
    strategy: Strategy,
    token: string,
    done: (error: null, key: Buffer) => void,
  ): Promise<void> => {
    try {
      const { header } = parseUnverifiedToken(token, keys.algorithms);
      const { key, algorithm } = await keys.find(header);
      // Several algorithms may be allowed, but each key is for one of them.
      if (algorithm !== header.alg) throw new InvalidIdTokenError('algorithm is not allowed');
      // The typings lack KeyObject, which jsonwebtoken accepts since version 9.
      done(null, key as unknown as Buffer);
    } catch (error) {
      // This includes what `done` throws. Uncaught, it would end the process.
      strategy.error(error as Error);
    }
  };
  return function (this: Strategy, _request: Request, token: string, done: (error: null, key: Buffer) => void): void {
    void provide(this, token, done);
  };
}
