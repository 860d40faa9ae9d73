import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { User } from './user.js';

/** The {@link User} whom `IdTokenGuard` let in, as a parameter of a controller method. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): User => {
  const { user } = context.switchToHttp().getRequest<{ user?: User }>();
  // A route that forgot its guard has to break, not to run for nobody.
  if (user === undefined) throw new Error('@CurrentUser() stands on a route without IdTokenGuard');
  return user;
});
