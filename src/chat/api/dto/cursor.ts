import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';

const CURSOR = /^(-?\d{1,12})\.[\w-]{16}$/;

/**
 * Encodes the cursor of the page before a turn. A hash binds it to its user and chat, so another chat refuses it.
 * It grants no access: the page is read with the caller's own user id.
 *
 * @param before - number of the oldest turn that the caller has.
 */
export function encodeCursor(userId: string, chatId: string, before: number): string {
  return Buffer.from(`${before}.${hashBinding(userId, chatId, before)}`).toString('base64url');
}

/**
 * Decodes a cursor of {@link encodeCursor} to its turn number; without a cursor there is none.
 *
 * @throws InvalidRequestError for a cursor that this user and chat never got.
 */
export function decodeCursor(userId: string, chatId: string, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, digits] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const before = Number(digits);
  if (digits === undefined || encodeCursor(userId, chatId, before) !== cursor) throw createCursorError();
  return before;
}

/** Creates the error of every bad cursor. */
export function createCursorError(): InvalidRequestError {
  return new InvalidRequestError(`Query 'cursor' is invalid`);
}

function hashBinding(userId: string, chatId: string, before: number): string {
  return createHash('sha256')
    .update(JSON.stringify([userId, chatId, before]))
    .digest('base64url')
    .slice(0, 16);
}
