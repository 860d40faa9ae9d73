import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import {
  getMetadataStorage,
  validate,
  ValidateBy,
  type ValidationArguments,
  type ValidationError,
} from 'class-validator';
import { cutAtGrapheme } from '../common/graphemes.js';
import { InvalidRequestError } from './errors/http.errors.js';

/** The longest name of an unknown field in an error; such a name may be as long as a body. */
const LONGEST_NAME = /^.{0,100}/su;

/**
 * The field must be a string that is not blank and is well-formed Unicode.
 *
 * @param maxLength - in Unicode code points; no limit by default.
 * @param isBlank - whether nothing of a text can be seen; by default of one that is white space.
 */
export function IsText(maxLength = Infinity, { isBlank = isWhiteSpace } = {}): PropertyDecorator {
  return createFieldRule(
    'isText',
    (value) => findTextFault(value, isBlank) ?? findLengthFault(String(value), maxLength),
  );
}

/** The fault of a value that is no string, blank, or no well-formed Unicode. */
export function findTextFault(value: unknown, isBlank = isWhiteSpace): string | undefined {
  if (value === undefined || value === null) return 'is required';
  if (typeof value !== 'string') return 'must be a string';
  if (isBlank(value)) return 'is required';
  return value.isWellFormed() ? undefined : 'is invalid';
}

function isWhiteSpace(text: string): boolean {
  return text.trim() === '';
}

/** The fault of a text with more than `maxLength` Unicode code points. The UTF-16 length is never smaller than their number. */
export function findLengthFault(text: string, maxLength: number): string | undefined {
  const isWithin = text.length <= maxLength || Array.from(text).length <= maxLength;
  return isWithin ? undefined : `must be at most ${maxLength} characters`;
}

/**
 * Checks a body against its DTO, which has no fields that are objects. The error names the first invalid field of the
 * DTO; without one, the first unknown field.
 *
 * @throws InvalidRequestError
 */
export class BodyPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      validationError: { target: false, value: false },
      exceptionFactory: toInvalidRequestError,
      // Without these two, the pipe loads both packages completely.
      validatorPackage: { validate },
      transformerPackage: { classToPlain: instanceToPlain, plainToInstance },
    });
  }

  /** The libraries copy a body in full depth. They get only the fields of the DTO, so a deep body costs no time. */
  override async transform(body: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const fields = listFields(metadata);
    const checked: unknown = await super.transform(pickFlatFields(body ?? {}, fields), metadata);
    const unknown = Object.keys(body ?? {}).find((name) => !fields.includes(name));
    if (unknown !== undefined) throw new InvalidRequestError(`Field '${shorten(unknown)}' is not allowed`);
    return checked;
  }
}

/** Lists the fields of a DTO that have a rule. */
function listFields({ metatype }: ArgumentMetadata): string[] {
  if (metatype === undefined) return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

/** Picks the fields of the DTO from a body. An object becomes `{}`: the rules refuse it whatever it holds. */
function pickFlatFields(body: object, fields: readonly string[]): object {
  const values = body as Readonly<Record<string, unknown>>;
  const flat = (value: unknown) => (typeof value === 'object' && value !== null ? {} : value);
  const own = fields.filter((name) => Object.hasOwn(values, name));
  return Object.fromEntries(own.map((name) => [name, flat(values[name])]));
}

function shorten(name: string): string {
  const [beginning = ''] = LONGEST_NAME.exec(name) ?? [];
  return beginning === name ? name : `${cutAtGrapheme(name, beginning.length)}…`;
}

/** Creates an error of one field in the form of class-validator. */
export function createFieldError(property: string, fault: string): ValidationError {
  return { property, constraints: { [property]: toSentence(property, fault) } };
}

/** @throws InvalidRequestError if there is a fault of a field. */
export function requireNoFault(field: string, fault: string | undefined): void {
  if (fault !== undefined) throw new InvalidRequestError(toSentence(field, fault));
}

function toSentence(field: string, fault: string): string {
  return `Field '${field}' ${fault}`;
}

function toInvalidRequestError(errors: ValidationError[]): InvalidRequestError {
  return new InvalidRequestError(Object.values(errors[0]?.constraints ?? {})[0] ?? '');
}

/**
 * Creates a decorator that checks a field.
 *
 * @param findFault - returns the end of the sentence `Field '<name>' …`, or undefined for a valid value. It also gets the
 * fields of the DTO, checked or not.
 */
export function createFieldRule(
  name: string,
  findFault: (value: unknown, fields: Readonly<Record<string, unknown>>) => string | undefined,
): PropertyDecorator {
  const find = (args?: ValidationArguments) => findFault(args?.value, { ...args?.object });
  return ValidateBy({
    name,
    validator: {
      validate: (_, args) => find(args) === undefined,
      defaultMessage: (args) => toSentence(args?.property ?? '', find(args) ?? ''),
    },
  });
}
