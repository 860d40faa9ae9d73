import { createHash } from 'node:crypto';
import { InvalidCursorError } from '../../model/chat.errors.js';

const CURSOR = /^(-?\d{1,12})\.([\w-]{16})$/;

/**
 * The cursor of the page before a turn. It is bound to its user and chat, so that one of another chat is refused
 * instead of leading somewhere; it grants nothing, because the page is read with the caller's own user id.
 *
 * @param before - the number of the oldest turn that the caller has.
 */
export function cursorBefore(userId: string, chatId: string, before: number): string {
  return Buffer.from(`${before}.${binding(userId, chatId, before)}`).toString('base64url');
}

/**
 * The turn number that a cursor of {@link cursorBefore} stands for.
 *
 * @throws InvalidCursorError
 */
export function readCursor(userId: string, chatId: string, cursor: string): number {
  const [, digits = '', bound] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const before = Number(digits);
  if (digits === '' || cursorBefore(userId, chatId, before) !== cursor || bound === undefined) {
    throw new InvalidCursorError();
  }
  return before;
}

function binding(userId: string, chatId: string, before: number): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, chatId, before]))
    .digest('base64url')
    .slice(0, 16);
}
