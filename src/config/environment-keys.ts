/** The variables of `Environment` that say which keys tokens are checked with. */
interface KeyVariables {
  readonly JWT_SECRET_KEY?: string | undefined;
  readonly JWT_SECRET_ARN?: string | undefined;
  readonly JWT_JWKS_URI?: string | undefined;
  readonly JWT_ISSUER?: string | undefined;
  readonly JWT_AUDIENCE?: readonly string[] | undefined;
  readonly JWT_VERIFY_SIGNATURE: boolean;
}

/** Where issuers publish their keys when they follow OpenID Connect without moving them; Cognito and Auth0 do. */
const WELL_KNOWN_PATH = '/.well-known/jwks.json';
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Where the signing keys are to be fetched, or undefined where they are not.
 *
 * @throws TypeError when that is no URL, which {@link keyProblems} reports first.
 */
export function findKeySetUrl(variables: KeyVariables): URL | undefined {
  const { JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_VERIFY_SIGNATURE: verify } = variables;
  if (verify === false || secretNames(variables).length > 0) return undefined;
  if (uri !== undefined) return new URL(uri);
  return issuer === undefined ? undefined : new URL(issuer.replace(/\/$/, '') + WELL_KNOWN_PATH);
}

/** What is wrong with the keys that the variables name: each fault of a start that would let the wrong ones in. */
export function keyProblems(variables: KeyVariables): string[] {
  const { JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_VERIFY_SIGNATURE: verify } = variables;
  const [secret, other] = secretNames(variables);
  const uriNames = uri === undefined ? [] : ['JWT_JWKS_URI'];
  if (verify === false) {
    return [...secretNames(variables), ...uriNames].map(
      (name) => `${name} must not be set with JWT_VERIFY_SIGNATURE=false`,
    );
  }
  if (other !== undefined) return [`${secret} must not be set with ${other}`];
  if (secret !== undefined) return uriNames.map((name) => `${name} must not be set with ${secret}`);
  if (uri === undefined && issuer === undefined) return ['JWT_SECRET_KEY is required, or JWT_ISSUER and JWT_AUDIENCE'];
  return keySetProblems(variables);
}

/** The variables that give a secret, by value or by name; more than one is a mistake. */
function secretNames({ JWT_SECRET_KEY, JWT_SECRET_ARN }: KeyVariables): string[] {
  return Object.entries({ JWT_SECRET_KEY, JWT_SECRET_ARN }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
}

/** Keys of others sign for others too, so it has to be said whose tokens are meant. */
function keySetProblems({ JWT_JWKS_URI: uri, JWT_ISSUER: issuer, JWT_AUDIENCE: audience }: KeyVariables): string[] {
  const problems: string[] = [];
  if (issuer === undefined) problems.push('JWT_ISSUER is required with JWT_JWKS_URI');
  if (audience === undefined) problems.push('JWT_AUDIENCE is required where there is no JWT_SECRET_KEY');
  if (uri === undefined && !isSafeUrl(issuer)) {
    problems.push('JWT_ISSUER must be an https URL where there is neither JWT_JWKS_URI nor JWT_SECRET_KEY');
  }
  if (uri !== undefined && !isSafeUrl(uri)) {
    problems.push('JWT_JWKS_URI must be an https URL, or an http URL of this machine');
  }
  return problems;
}

/** Over plain http, whoever is on the way chooses the keys. `fetch` refuses a URL with a password in it. */
function isSafeUrl(text: string | undefined): boolean {
  const url = text === undefined || !URL.canParse(text) ? undefined : new URL(text);
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}
