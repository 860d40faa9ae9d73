import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import passport from 'passport';
import { Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import { Environment } from '../config/environment.js';
import { InvalidIdTokenError } from './auth.errors.js';
import { extractIdToken } from './token/id-token.header.js';
import { SigningKeys } from './keys/signing-keys.js';
import { claimRulesOf, type ClaimRules, parseUser } from './token/claims.js';
import { parseUnverifiedToken, type JsonObject } from './token/unverified-token.js';
import type { User } from './user.js';

/**
 * passport-jwt between a gate and a judge of our own: {@link parseUnverifiedToken} looks at the form before any key is touched,
 * jsonwebtoken at the signature and nothing else, {@link parseUser} at the claims.
 */
@Injectable()
export class IdTokenStrategy extends PassportStrategy(Strategy, 'id-token') {
  private readonly rules: ClaimRules;

  constructor(
    private readonly environment: Environment,
    private readonly keys: SigningKeys,
  ) {
    super({
      jwtFromRequest: extractIdToken,
      secretOrKeyProvider: keyProvider(keys),
      algorithms: [...keys.algorithms],
      // The times are claims: they are ours to judge, with our own words.
      ignoreExpiration: true,
      // oxlint-disable-next-line typescript/no-deprecated -- a slip of the typings: what is deprecated is the line above
      jsonWebTokenOptions: { ignoreNotBefore: true },
    });
    this.rules = claimRulesOf(environment);
    // Passport has one register per Node program, by name: with a name in common, the app that was made last
    // would judge the tokens of every other one.
    this.name = `id-token-${randomUUID()}`;
    passport.use(this);
  }

  /** Called by passport on a copy of this object that carries the outcome functions of one request. */
  override authenticate(request: Request): void {
    if (this.environment.JWT_VERIFY_SIGNATURE !== false) {
      super.authenticate(request);
      return;
    }
    // Something in front has verified the signature. Everything else is checked as ever.
    this.success(this.validate(parseUnverifiedToken(extractIdToken(request), this.keys.algorithms).payload));
  }

  /** Called with the claims of a token whose signature is right. */
  validate(claims: JsonObject): User {
    return parseUser(claims, this.rules);
  }
}

/**
 * Runs the gate, then finds the key. passport-jwt calls a provider as a method of the strategy, which is how it gets
 * at `error`: what is given to `done` becomes a failed login, be it a key server that is down or a bug of ours.
 */
function keyProvider(keys: SigningKeys): SecretOrKeyProvider<Request> {
  const provide = async (
    strategy: Strategy,
    token: string,
    done: (error: null, key: Buffer) => void,
  ): Promise<void> => {
    try {
      const { header } = parseUnverifiedToken(token, keys.algorithms);
      const { key, algorithm } = await keys.find(header);
      // Several algorithms may be allowed, but never one key for two of them.
      if (algorithm !== header.alg) throw new InvalidIdTokenError('algorithm is not allowed');
      // The typings are behind: jsonwebtoken has taken a KeyObject since version 9.
      done(null, key as unknown as Buffer);
    } catch (error) {
      // Also what `done` throws: nobody else would catch it, and the server would end.
      strategy.error(error as Error);
    }
  };
  return function (this: Strategy, _request: Request, token: string, done: (error: null, key: Buffer) => void): void {
    void provide(this, token, done);
  };
}
