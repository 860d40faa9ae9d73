import { createFieldRule } from '../../../http/validation.js';

export const CHAT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a string has the form of a chat id. */
export function isChatId(value: string): boolean {
  return CHAT_ID.test(value);
}

/** The field must be a chat id: 1 to 128 letters, digits and `. _ : -`. */
export function IsChatId(): PropertyDecorator {
  return createFieldRule('isChatId', (value) => {
    if (typeof value !== 'string') return 'must be a string';
    return isChatId(value) ? undefined : 'is invalid';
  });
}
