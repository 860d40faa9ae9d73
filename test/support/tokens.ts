import { mintToken } from '../../src/local/dev-token.js';

/** The key with which the tests sign tokens. */
export const SECRET = 'a-secret-that-only-the-tests-know-of-1234567890';

/** Signing is slow in comparison with a request, so each user has one token for a whole file. */
const tokens = new Map<string, string>();

/** A valid token whose `sub` is `user`. */
export function tokenOf(user: string): string {
  const token = tokens.get(user) ?? mintToken({ secret: SECRET, sub: user });
  tokens.set(user, token);
  return token;
}
