import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, Matches, Max, Min, ValidateBy } from 'class-validator';
import { SIGNING_ALGORITHMS } from './signing-algorithms.js';
import { findSecretProblem } from './signing-secret.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const LEVEL_ALIASES: Readonly<Record<string, LogLevel>> = { warning: 'warn', info: 'log', trace: 'verbose' };
const LEVEL_NAMES = [...LOG_LEVELS, ...Object.keys(LEVEL_ALIASES)];

const REQUIRABLE_CLAIMS = ['email', 'username'] as const;
/** A claim that a token may or may not have to have. */
export type RequirableClaim = (typeof REQUIRABLE_CLAIMS)[number];

/** A variable that is a whole number from `least` to `most`. */
export function IsWholeNumber(least: number, most: number): PropertyDecorator {
  const toNumber = ({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return combine(
    Transform(toNumber),
    IsInt({ message: 'must be a whole number' }),
    Min(least, { message: `must be at least ${least}` }),
    Max(most, { message: `must be at most ${most}` }),
  );
}

/** A variable that is `true` or `false`. */
export function IsSwitch(): PropertyDecorator {
  const toBoolean = ({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value);
  return combine(Transform(toBoolean), IsBoolean({ message: 'must be true or false' }));
}

/** A secret that can sign tokens: long enough, not a placeholder, not a public or private key. */
export function IsStrongSecret(): PropertyDecorator {
  return ValidateBy({
    name: 'isStrongSecret',
    validator: {
      validate: (value: unknown) => findSecretProblem(value) === undefined,
      defaultMessage: (args) => findSecretProblem(args?.value) ?? '',
    },
  });
}

/** The least severe level that is logged, also by names that other loggers have for it. */
export function IsLogLevel(): PropertyDecorator {
  const toLevel = ({ value }: { value: unknown }) => {
    const name = String(value).trim().toLowerCase();
    return LEVEL_ALIASES[name] ?? name;
  };
  return combine(Transform(toLevel), IsIn(LOG_LEVELS, { message: `must be one of ${LEVEL_NAMES.join(', ')}` }));
}

/** One audience or several, separated by commas; none of them is empty. The value becomes a list. */
export function IsAudienceList(): PropertyDecorator {
  return isListOf(
    'isAudienceList',
    (audience) => audience !== '',
    'must be one audience or several separated by commas',
  );
}

/** Names of claims, separated by commas. The value becomes a list. */
export function IsClaimList(): PropertyDecorator {
  return isListOf(
    'isClaimList',
    (claim) => /^[\w:.-]{1,128}$/.test(claim),
    'must be names of claims separated by commas',
  );
}

/** Signing algorithms, separated by commas. The value becomes a list. */
export function IsAlgorithmList(): PropertyDecorator {
  return isListOf(
    'isAlgorithmList',
    (algorithm) => SIGNING_ALGORITHMS.some((known) => known === algorithm),
    `must be of ${SIGNING_ALGORITHMS.join(', ')}`,
  );
}

/** What a token must say about its user: `email`, `username`, both, or `none` of them. The value becomes a list. */
export function IsRequiredClaims(): PropertyDecorator {
  return combine(
    Transform(({ value }: { value: unknown }) => (value === 'none' ? [] : value)),
    isListOf(
      'isRequiredClaims',
      (claim) => REQUIRABLE_CLAIMS.some((known) => known === claim),
      'must be email, username, email,username or none',
    ),
  );
}

/** Names of headers, separated by commas. The value becomes a list. `*` is refused. */
export function IsHeaderList(): PropertyDecorator {
  return isListOf(
    'isHeaderList',
    (header) => /^\w[\w.-]{0,63}$/.test(header),
    'must be names of headers separated by commas',
  );
}

/** A path such as `/api`. Slashes at both ends are optional; the value begins with one and ends without. */
export function IsBasePath(): PropertyDecorator {
  const toPath = ({ value }: { value: unknown }) =>
    typeof value === 'string' ? `/${value.trim().replace(/^\/+|\/+$/g, '')}` : value;
  return combine(
    Transform(toPath),
    Matches(/^(\/[\w~-][\w.~-]*)+$/, { message: 'must be a path such as /api of letters, digits, _ . ~ -' }),
  );
}

/**
 * Origins separated by commas, as browsers write them (RFC 6454, section 6.2): scheme, host and port, without a path.
 * Pages in apps have other schemes than http, such as `capacitor://localhost`. The value becomes a list. `*` is refused:
 * alone it allows every page, and inside a host it matches nothing.
 */
export function IsOriginList(): PropertyDecorator {
  return isListOf('isOriginList', isOrigin, 'must be origins such as https://app.example.com separated by commas');
}

function isListOf(name: string, isMember: (member: string) => boolean, message: string): PropertyDecorator {
  const validate = (value: unknown) => Array.isArray(value) && (value as string[]).every(isMember);
  return combine(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? splitList(value) : value)),
    ValidateBy({ name, validator: { validate, defaultMessage: () => message } }),
  );
}

/** The members of a list separated by commas, without the white space around them. */
function splitList(list: string): string[] {
  return list.split(',').map((member) => member.trim());
}

function isOrigin(text: string): boolean {
  // Android's WebView sends it for pages of the device. Other files have the origin `null`.
  if (text === 'file://') return true;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^*]+$/.test(text) || text.startsWith('file:') || !URL.canParse(text)) return false;
  // `URL.origin` is `null` for most schemes.
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}` === text;
}

/** Applies decorators in the order of TypeScript: the last one first. */
function combine(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators.toReversed()) decorate(target, property);
  };
}
