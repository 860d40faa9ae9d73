import { ValidateBy } from 'class-validator';
import { isOfKeyPair } from './key-pair.js';

/** HS256 wants a key of at least its hash's size (RFC 7518, section 3.2). */
const SECRET_MIN_BYTES = 32;
const PLACEHOLDER = /change[-_ ]?me|your[-_ ]?(jwt[-_ ]?)?secret|placeholder|\d{3}-bits?\b|^(?<same>.)\k<same>*$/i;

/** What is wrong with a signing secret, or undefined. Never quotes the secret. */
function secretProblem(secret: unknown): string | undefined {
  if (typeof secret !== 'string') return 'must be a string';
  if (isOfKeyPair(secret)) return 'must be a secret, not a public or private key';
  if (PLACEHOLDER.test(secret)) return 'must not be a placeholder';
  if (Buffer.byteLength(secret) < SECRET_MIN_BYTES) return `must be at least ${SECRET_MIN_BYTES} bytes`;
  return undefined;
}

/** A secret that can sign tokens: long enough, no placeholder, no key of a pair (which would be public). */
export function IsStrongSecret(): PropertyDecorator {
  return ValidateBy({
    name: 'isStrongSecret',
    validator: {
      validate: (value: unknown) => secretProblem(value) === undefined,
      defaultMessage: (args) => secretProblem(args?.value) ?? '',
    },
  });
}

/** The members of `JWT_AUDIENCE` or `CORS_ORIGINS`, separated by commas; white space around them does not count. */
export function membersOf(list: string): string[] {
  return list.split(',').map((member) => member.trim());
}

/** One audience or several, separated by commas, none of them empty. */
export function IsAudienceList(): PropertyDecorator {
  return ValidateBy({
    name: 'isAudienceList',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && membersOf(value).every((audience) => audience !== ''),
      defaultMessage: () => 'must be one audience or several separated by commas',
    },
  });
}

/**
 * One origin or several, separated by commas, each as a browser writes it (RFC 6454, section 6.2): scheme, host and
 * port, without a path. No `*`: alone it would let any page use a token that it got hold of, and inside of a host, which
 * is compared as it is, it would match nothing.
 */
export function IsOriginList(): PropertyDecorator {
  return ValidateBy({
    name: 'isOriginList',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && membersOf(value).every(isOrigin),
      defaultMessage: () => 'must be origins such as https://app.example.com separated by commas',
    },
  });
}

function isOrigin(text: string): boolean {
  return /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
