import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { InvalidIdTokenError } from './auth.errors.js';
import { IdTokenStrategy } from './id-token.strategy.js';

/** Lets in whoever has a good token and makes them the request's user. */
@Injectable()
export class IdTokenGuard extends AuthGuard() {
  constructor(strategy: IdTokenStrategy) {
    // By the strategy's own name, see there, and not by one for all apps.
    super({ defaultStrategy: strategy.name });
  }

  /** @throws whatever the strategy threw, unchanged; InvalidIdTokenError when jsonwebtoken refused the token. */
  override handleRequest<TUser>(error: Error | null, user: TUser | false | undefined, refusal: unknown): TUser {
    if (error) throw error;
    // Our own faults come as errors, so a refusal is jsonwebtoken's, and it judges the signature alone.
    if (!user) throw new InvalidIdTokenError('signature is invalid', { cause: refusal });
    return user;
  }
}
