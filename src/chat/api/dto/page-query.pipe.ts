import { Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { InvalidCursorError } from '../../model/chat.errors.js';

/** Messages of a page, at most and by default. */
const MAX_LIMIT = 100;

/** The query `cursor`: one text, or none for the newest page. What it says is for the service to read. */
@Injectable()
export class CursorPipe implements PipeTransform<unknown, string | undefined> {
  transform(cursor: unknown): string | undefined {
    if (cursor === undefined || typeof cursor === 'string') return cursor;
    throw new InvalidCursorError();
  }
}

/** The query `limit`: a whole number from 1 to 100, which is the default. */
@Injectable()
export class LimitPipe implements PipeTransform<unknown, number> {
  transform(limit: unknown = String(MAX_LIMIT)): number {
    const isNumber = typeof limit === 'string' && /^[1-9]\d{0,2}$/.test(limit);
    if (!isNumber || Number(limit) > MAX_LIMIT) throw new InvalidRequestError(`Query 'limit' is invalid`);
    return Number(limit);
  }
}
