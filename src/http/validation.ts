import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import {
  getMetadataStorage,
  validate,
  ValidateBy,
  type ValidationArguments,
  type ValidationError,
} from 'class-validator';
import { InvalidRequestError } from './errors/http.errors.js';

/** So much of an unknown field's name is told, in characters: it may be as long as a body. */
const NAME_MAX_CHARACTERS = 100;

/** A string that says something: present, not blank, and well-formed Unicode. */
export function IsText(): PropertyDecorator {
  return fieldRule('isText', (value) => {
    if (value === undefined || value === null) return 'is required';
    if (typeof value !== 'string') return 'must be a string';
    if (value.trim() === '') return 'is required';
    return value.isWellFormed() ? undefined : 'is invalid';
  });
}

/**
 * Checks a body against its DTO. The first field of the DTO that is at fault is named, then fields it does not know.
 * No field of a DTO here is an object.
 */
export class BodyPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      validationError: { target: false, value: false },
      exceptionFactory: firstFault,
      // Named here, or the pipe would load all of both packages: the phone numbers of the world among it.
      validatorPackage: { validate },
      transformerPackage: { classToPlain: instanceToPlain, plainToInstance },
    });
  }

  /** The libraries walk and copy whatever they are given, for as long as it takes, so they are given the DTO's part. */
  override async transform(body: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const fields = fieldsOf(metadata);
    const checked: unknown = await super.transform(flatPart(body ?? {}, fields), metadata);
    const unknown = Object.keys(body ?? {}).find((name) => !fields.includes(name));
    if (unknown !== undefined) throw new InvalidRequestError(`Field '${shortened(unknown)}' is not allowed`);
    return checked;
  }
}

/** The names of the fields that have a rule. */
function fieldsOf({ metatype }: ArgumentMetadata): string[] {
  if (metatype === undefined) return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

/** The fields of a body that its DTO knows; of what may not be an object, that it is one is all there is to say. */
function flatPart(body: object, fields: readonly string[]): object {
  const values = body as Readonly<Record<string, unknown>>;
  const flat = (value: unknown) => (typeof value === 'object' && value !== null ? {} : value);
  const own = fields.filter((name) => Object.hasOwn(values, name));
  return Object.fromEntries(own.map((name) => [name, flat(values[name])]));
}

function shortened(name: string): string {
  const characters = Array.from(name.slice(0, 2 * NAME_MAX_CHARACTERS + 2));
  return characters.length > NAME_MAX_CHARACTERS ? `${characters.slice(0, NAME_MAX_CHARACTERS).join('')}…` : name;
}

/** A fault of one field, as class-validator reports them. */
export function fieldFault(property: string, fault: string): ValidationError {
  return { property, constraints: { [property]: `Field '${property}' ${fault}` } };
}

function firstFault(errors: ValidationError[]): InvalidRequestError {
  return new InvalidRequestError(Object.values(errors[0]?.constraints ?? {})[0] ?? '');
}

/**
 * A decorator for a field.
 *
 * @param faultOf - what is wrong with a value, in words that go on from `Field '<name>'`, or undefined.
 */
export function fieldRule(name: string, faultOf: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => faultOf(value) === undefined,
      defaultMessage: (args?: ValidationArguments) => `Field '${args?.property}' ${faultOf(args?.value)}`,
    },
  });
}
