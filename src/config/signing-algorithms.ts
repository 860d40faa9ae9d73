/** Algorithms of a secret that the issuer and the service share (RFC 7518, section 3.2). */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

/** Algorithms of key pairs (RFC 7518, sections 3.3 to 3.5). */
// prettier-ignore
export const KEY_PAIR_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512',
] as const;

/** Every signing algorithm that is known here. `none` does not sign. */
export const SIGNING_ALGORITHMS = [...SECRET_ALGORITHMS, ...KEY_PAIR_ALGORITHMS] as const;

export type SecretAlgorithm = (typeof SECRET_ALGORITHMS)[number];
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Whether an algorithm signs with a shared secret. */
export function isSecretAlgorithm(algorithm: string): algorithm is SecretAlgorithm {
  return SECRET_ALGORITHMS.some((known) => known === algorithm);
}
