import { Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { createCursorError } from './cursor.js';

/** Most messages or chats of a page. */
const MAX_LIMIT = 100;

/** The query `cursor`: a string, or absent for the newest page. Decoding it needs the user, too. */
@Injectable()
export class CursorPipe implements PipeTransform<unknown, string | undefined> {
  transform(cursor: unknown): string | undefined {
    if (cursor === undefined || typeof cursor === 'string') return cursor;
    throw createCursorError();
  }
}

/** The query `limit`: a whole number from 1 to 100. */
export class LimitPipe implements PipeTransform<unknown, number> {
  constructor(private readonly defaultLimit = MAX_LIMIT) {}

  transform(limit: unknown = String(this.defaultLimit)): number {
    const isNumber = typeof limit === 'string' && /^[1-9]\d{0,2}$/.test(limit);
    if (!isNumber || Number(limit) > MAX_LIMIT) throw new InvalidRequestError(`Query 'limit' is invalid`);
    return Number(limit);
  }
}
