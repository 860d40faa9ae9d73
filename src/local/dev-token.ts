import jwt from 'jsonwebtoken';
import type { Environment } from '../config/environment.js';
import { isSecretAlgorithm, type SecretAlgorithm } from '../config/signing-algorithms.js';
import { toSecretBytes } from '../config/signing-secret.js';

export interface TokenRequest {
  /** The value of JWT_SECRET_KEY, which may begin with `base64:`. */
  readonly secret: string;
  /** HS256 by default. */
  readonly algorithm?: SecretAlgorithm | undefined;
  readonly sub: string;
  /** By default the sub if it is an address, else `<sub>@example.com`. */
  readonly email?: string | undefined;
  /** By default the sub. */
  readonly username?: string | undefined;
  /** The names of the claims for both. */
  readonly emailClaim?: string | undefined;
  readonly usernameClaim?: string | undefined;
  /** 3600 by default. A negative number gives an expired token. */
  readonly expiresInSeconds?: number | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Claims to add. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds; the time of the call by default. */
  readonly now?: number;
}

/** Signs a token for local use and tests, with the claims that the service requires. */
export function mintToken(request: TokenRequest): string {
  const { secret, algorithm = 'HS256', sub, issuer, audience, expiresInSeconds = 3600 } = request;
  const { emailClaim = 'email', usernameClaim = 'username' } = request;
  const now = Math.floor((request.now ?? Date.now()) / 1000);
  const exp = now + expiresInSeconds;
  const claims = {
    sub,
    // One claim may serve as both. Then it is the address, which has a form.
    [usernameClaim]: request.username ?? sub,
    [emailClaim]: request.email ?? (sub.includes('@') ? sub : `${sub}@example.com`),
    // Even an expired token was issued before it expired.
    iat: Math.min(now, exp),
    exp,
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: audience }),
    ...request.claims,
  };
  return jwt.sign(claims, toSecretBytes(secret), { algorithm });
}

/** The fields of a token request that make its token pass the configured checks. */
export function tokenSettings(
  environment: Pick<
    Environment,
    'JWT_ALGORITHM' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'JWT_USER_ID_CLAIM' | 'JWT_USERNAME_CLAIM' | 'JWT_EMAIL_CLAIM'
  >,
  sub: string,
): Omit<TokenRequest, 'secret'> {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_USER_ID_CLAIM: userIdClaim } = environment;
  const { JWT_USERNAME_CLAIM: usernameClaim, JWT_EMAIL_CLAIM: emailClaim } = environment;
  const hasOwnIdClaim = userIdClaim !== undefined && userIdClaim !== emailClaim;
  return {
    sub,
    algorithm: environment.JWT_ALGORITHM?.find(isSecretAlgorithm),
    issuer,
    audience: audience?.[0],
    emailClaim,
    usernameClaim,
    ...(hasOwnIdClaim && { claims: { [userIdClaim]: sub } }),
  };
}
