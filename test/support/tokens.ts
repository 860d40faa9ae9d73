import { mintToken } from '../../src/local/dev-token.js';

/** The key with which the tests sign tokens. */
export const SECRET = 'a-secret-that-only-the-tests-know-of-1234567890';

/** A valid token whose `sub` is `user`. */
export function tokenOf(user: string): string {
  return mintToken({ secret: SECRET, sub: user });
}
