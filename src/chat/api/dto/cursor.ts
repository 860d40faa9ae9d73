import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import type { ChatListPosition } from '../../model/chat-list.js';

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

/** Encodes the cursor of the page behind a chat in the list of a user. It is bound to the user, like the other cursor. */
export function encodeListCursor(userId: string, { id, updatedAt }: ChatListPosition): string {
  const place = [updatedAt, id, hashBinding(userId, updatedAt, id)];
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Decodes a cursor of {@link encodeListCursor}; without a cursor there is no place.
 *
 * @throws InvalidRequestError for a cursor that this user never got.
 */
export function decodeListCursor(userId: string, cursor: string | undefined): ChatListPosition | undefined {
  if (cursor === undefined) return undefined;
  const position = parsePlace(Buffer.from(cursor, 'base64url').toString());
  if (!position || encodeListCursor(userId, position) !== cursor) throw createCursorError();
  return position;
}

function parsePlace(text: string): ChatListPosition | undefined {
  try {
    const [updatedAt, id] = JSON.parse(text) as unknown[];
    return isKey(updatedAt, 1_024) && isKey(id, 2_048) ? { id, updatedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** A caller can make a cursor, and DynamoDB fails for a start key that is empty or too long. Limits in bytes. */
function isKey(value: unknown, maxBytes: number): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= maxBytes;
}

/** Creates the error of every bad cursor. */
export function createCursorError(): InvalidRequestError {
  return new InvalidRequestError(`Query 'cursor' is invalid`);
}

function hashBinding(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}
