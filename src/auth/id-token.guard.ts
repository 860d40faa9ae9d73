import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { InvalidIdTokenError } from './auth.errors.js';
import { IdTokenStrategy } from './id-token.strategy.js';

/** Requires a valid token and sets the request's user from it. */
@Injectable()
export class IdTokenGuard extends AuthGuard() {
  constructor(strategy: IdTokenStrategy) {
    // Each app registers its strategy under a name of its own.
    super({ defaultStrategy: strategy.name });
  }

  /** @throws the error of the strategy unchanged; InvalidIdTokenError if jsonwebtoken refused the token. */
  override handleRequest<TUser>(error: Error | null, user: TUser | false | undefined, refusal: unknown): TUser {
    if (error) throw error;
    // All our own checks throw. Without an error, jsonwebtoken has refused the signature.
    if (!user) throw new InvalidIdTokenError('signature is invalid', { cause: refusal });
    return user;
  }
}
