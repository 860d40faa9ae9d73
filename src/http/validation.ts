import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { validate, ValidateBy, type ValidationArguments, type ValidationError } from 'class-validator';
import { InvalidRequestError } from './http.errors.js';

/** Nothing but white space, control characters and what only formats, such as a zero-width space. */
const INVISIBLE = /^[\s\p{Cc}\p{Cf}]*$/u;

/** A string that says something: present, not blank, and well-formed Unicode. */
export function IsText(): PropertyDecorator {
  return fieldRule('isText', (value) => {
    if (value === undefined || value === null) return 'is required';
    if (typeof value !== 'string') return 'must be a string';
    if (INVISIBLE.test(value)) return 'is required';
    return value.isWellFormed() ? undefined : 'is invalid';
  });
}

/** Checks a body against its DTO. The first field of the DTO that is at fault is named, then fields it does not know. */
export class BodyPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      validationError: { target: false, value: false },
      exceptionFactory: firstFault,
      // Named here, or the pipe would load all of both packages: the phone numbers of the world among it.
      validatorPackage: { validate },
      transformerPackage: { classToPlain: instanceToPlain, plainToInstance },
    });
  }

  /** A field that does not arrive in the DTO is unknown to it: without a rule, or taken out as `__proto__` is. */
  override async transform(body: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const names = Object.keys(body ?? {});
    const checked: unknown = await super.transform(body, metadata);
    const unknown = names.find((name) => !Object.hasOwn(checked ?? {}, name));
    if (unknown !== undefined) throw new InvalidRequestError(`Field '${unknown}' is not allowed`);
    return checked;
  }
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
