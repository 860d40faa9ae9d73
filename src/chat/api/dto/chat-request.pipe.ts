import { Injectable } from '@nestjs/common';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { LimitSettings } from '../../../config/settings.js';
import { BodyPipe, createFieldError } from '../../../http/validation.js';

/** Checks the body of `POST /chat`, and the length of its prompt, whose limit is a setting. */
@Injectable()
export class ChatRequestPipe extends BodyPipe {
  constructor(private readonly limits: LimitSettings) {
    super();
  }

  protected override async validate(body: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    const errors = await super.validate(body, options);
    const limit = this.limits.promptMaxLength;
    const hasPromptError = errors.some(({ property }) => property === 'prompt');
    if (hasPromptError || !('prompt' in body) || isWithin(body.prompt, limit)) return errors;
    return [createFieldError('prompt', `must be at most ${limit} characters`), ...errors];
  }
}

/** Whether a text has at most `limit` Unicode code points. The UTF-16 length is never smaller than their number. */
function isWithin(text: unknown, limit: number): boolean {
  return typeof text !== 'string' || text.length <= limit || Array.from(text).length <= limit;
}
