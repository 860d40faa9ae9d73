import { Injectable } from '@nestjs/common';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { LimitSettings } from '../../../config/settings.js';
import { BodyPipe, createFieldError, findLengthFault } from '../../../http/validation.js';

/** Checks the body of `POST /chat`, and the length of its prompt, whose limit is a setting. */
@Injectable()
export class ChatRequestPipe extends BodyPipe {
  constructor(private readonly limits: LimitSettings) {
    super();
  }

  protected override async validate(body: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    const errors = await super.validate(body, options);
    const hasPromptError = errors.some(({ property }) => property === 'prompt');
    if (hasPromptError || !('prompt' in body) || typeof body.prompt !== 'string') return errors;
    const fault = findLengthFault(body.prompt, this.limits.promptMaxLength);
    return fault === undefined ? errors : [createFieldError('prompt', fault), ...errors];
  }
}
