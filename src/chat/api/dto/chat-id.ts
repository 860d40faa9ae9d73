import { fieldRule } from '../../../http/validation.js';

const CHAT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a string can be a chat's id. */
export function isChatId(value: string): boolean {
  return CHAT_ID.test(value);
}

/** A field that is the id of a chat: 1 to 128 of letters, digits and `. _ : -`. */
export function IsChatId(): PropertyDecorator {
  return fieldRule('isChatId', (value) => {
    if (typeof value !== 'string') return 'must be a string';
    return isChatId(value) ? undefined : 'is invalid';
  });
}
