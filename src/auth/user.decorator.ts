import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { User } from './user.js';

/** Injects the {@link User} that `IdTokenGuard` authenticated into a controller method. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): User => {
  const { user } = context.switchToHttp().getRequest<{ user?: User }>();
  // A route without its guard must fail instead of running without a user.
  if (user === undefined) throw new Error('@CurrentUser() is used on a route without IdTokenGuard');
  return user;
});
