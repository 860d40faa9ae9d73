import { createFieldRule } from '../../../http/validation.js';
import { isChatId } from '../../model/chat-id.js';

/** The field must be a chat id. */
export function IsChatId(): PropertyDecorator {
  return createFieldRule('isChatId', (value) => {
    if (value === undefined || value === null) return 'is required';
    if (typeof value !== 'string') return 'must be a string';
    return isChatId(value) ? undefined : 'is invalid';
  });
}
