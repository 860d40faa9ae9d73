import { Transform } from 'class-transformer';
import { IsBoolean, IsInt, Max, Min, ValidateBy } from 'class-validator';
import { isKeyPairMaterial } from './key-pair.js';

/** A key of HS256 has at least the size of its hash (RFC 7518, section 3.2). */
const SECRET_MIN_BYTES = 32;
const PLACEHOLDER = /change[-_ ]?me|your[-_ ]?(jwt[-_ ]?)?secret|placeholder|\d{3}-bits?\b|^(?<same>.)\k<same>*$/i;

/** Describes what is wrong with a signing secret, without quoting it. */
function findSecretProblem(secret: unknown): string | undefined {
  if (typeof secret !== 'string') return 'must be a string';
  if (isKeyPairMaterial(secret)) return 'must be a secret, not a public or private key';
  if (PLACEHOLDER.test(secret)) return 'must not be a placeholder';
  if (Buffer.byteLength(secret) < SECRET_MIN_BYTES) return `must be at least ${SECRET_MIN_BYTES} bytes`;
  return undefined;
}

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

/**
 * Origins separated by commas, as browsers write them (RFC 6454, section 6.2): scheme, host and port, without a path.
 * The value becomes a list. `*` is refused: alone it allows every page, and inside a host it matches nothing.
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
  return /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Applies decorators in the order of TypeScript: the last one first. */
function combine(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators.toReversed()) decorate(target, property);
  };
}
