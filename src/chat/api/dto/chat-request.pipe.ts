import { Injectable } from '@nestjs/common';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { Environment } from '../../../config/environment.js';
import { BodyPipe, fieldFault } from '../../../http/validation.js';

/** Checks the body of `POST /chat`, the length of the prompt included: a setting, which no decorator can see. */
@Injectable()
export class ChatRequestPipe extends BodyPipe {
  constructor(private readonly environment: Environment) {
    super();
  }

  protected override async validate(body: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    const faults = await super.validate(body, options);
    const limit = this.environment.PROMPT_MAX_LENGTH;
    const promptFaults = faults.some(({ property }) => property === 'prompt');
    if (promptFaults || !('prompt' in body) || isWithin(body.prompt, limit)) return faults;
    return [fieldFault('prompt', `must be at most ${limit} characters`), ...faults];
  }
}

/** Whether a text has at most `limit` Unicode code points. Most are short enough by their UTF-16 length alone. */
function isWithin(text: unknown, limit: number): boolean {
  return typeof text !== 'string' || text.length <= limit || Array.from(text).length <= limit;
}
