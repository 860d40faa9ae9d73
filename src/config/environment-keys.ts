import { isLoopback } from './loopback.js';
import { isSecretAlgorithm, KEY_PAIR_ALGORITHMS, SECRET_ALGORITHMS } from './signing-algorithms.js';

/** The variables of `Environment` that choose the signing keys. */
interface KeyVariables {
  readonly JWT_SECRET_KEY?: string | undefined;
  readonly JWT_SECRET_ARN?: string | undefined;
  readonly JWT_JWKS_URI?: string | undefined;
  readonly JWT_ISSUER?: string | undefined;
  readonly JWT_AUDIENCE?: readonly string[] | undefined;
  readonly JWT_VERIFY_SIGNATURE: boolean;
  readonly JWT_ALGORITHM?: readonly string[] | undefined;
}

/** The usual path of an issuer's key set, for example at Cognito and Auth0. */
const WELL_KNOWN_PATH = '/.well-known/jwks.json';

/**
 * Finds the URL of the key set; undefined with a secret, and if signatures are not verified.
 *
 * @throws TypeError if it is not a URL. {@link findKeyProblems} reports this first.
 */
export function findKeySetUrl(variables: KeyVariables): URL | undefined {
  const { JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_VERIFY_SIGNATURE: verify } = variables;
  if (verify === false || listSecretNames(variables).length > 0) return undefined;
  if (uri !== undefined) return new URL(uri);
  return issuer === undefined ? undefined : new URL(issuer.replace(/\/$/, '') + WELL_KNOWN_PATH);
}

/** Lists what is wrong with the choice of keys. Each problem could accept tokens of the wrong issuer. */
export function findKeyProblems(variables: KeyVariables): string[] {
  const { JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_VERIFY_SIGNATURE: verify } = variables;
  const [secret, other] = listSecretNames(variables);
  const uriNames = uri === undefined ? [] : ['JWT_JWKS_URI'];
  if (verify === false) {
    return [...listSecretNames(variables), ...uriNames].map(
      (name) => `${name} must not be set with JWT_VERIFY_SIGNATURE=false`,
    );
  }
  if (other !== undefined) return [`${secret} must not be set with ${other}`];
  if (secret !== undefined) {
    const problems = uriNames.map((name) => `${name} must not be set with ${secret}`);
    return [...problems, ...findSecretAlgorithmProblems(variables)];
  }
  if (uri === undefined && issuer === undefined) return ['JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE'];
  return findKeySetProblems(variables);
}

/** The names of the variables that set a secret. At most one may be set. */
function listSecretNames({ JWT_SECRET_KEY, JWT_SECRET_ARN }: KeyVariables): string[] {
  return Object.entries({ JWT_SECRET_KEY, JWT_SECRET_ARN }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
}

/** A secret is for one algorithm. With an algorithm of key pairs, a public key could be taken for a secret. */
function findSecretAlgorithmProblems({ JWT_ALGORITHM: algorithms = ['HS256'] }: KeyVariables): string[] {
  const isOne = algorithms.length === 1 && !KEY_PAIR_ALGORITHMS.some((algorithm) => algorithms.includes(algorithm));
  return isOne ? [] : [`JWT_ALGORITHM must be one of ${SECRET_ALGORITHMS.join(', ')} with a secret`];
}

/** An issuer signs tokens for other apps too, so issuer and audience must be configured. */
function findKeySetProblems(variables: KeyVariables): string[] {
  const { JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_ALGORITHM: algorithms } = variables;
  const problems: string[] = [];
  if (algorithms?.some(isSecretAlgorithm)) {
    problems.push(`JWT_ALGORITHM must be of ${KEY_PAIR_ALGORITHMS.join(', ')} without a secret`);
  }
  if (issuer === undefined) problems.push('JWT_ISSUER is required with JWT_JWKS_URI');
  if (audience === undefined) problems.push('JWT_AUDIENCE is required without JWT_SECRET_KEY');
  if (uri === undefined && !isSafeUrl(issuer)) {
    problems.push('JWT_ISSUER must be an https URL if neither JWT_JWKS_URI nor JWT_SECRET_KEY is set');
  }
  if (uri !== undefined && !isSafeUrl(uri)) {
    problems.push('JWT_JWKS_URI must be an https URL, or an http URL of this machine');
  }
  return problems;
}

/** Over plain http an attacker in the network could choose the keys. `fetch` refuses a URL with credentials. */
function isSafeUrl(text: string | undefined): boolean {
  const url = text === undefined || !URL.canParse(text) ? undefined : new URL(text);
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}
