import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Clock } from '../../common/clock.js';
import type { CorsRules } from './cors.js';

/** A browser repeats a refused preflight at every request, and anybody can send any origin. */
const LINES_PER_WINDOW = 20;
const WINDOW_MILLISECONDS = 600_000;
/** Longest text of the client in a line. */
const SHOWN_CHARACTERS = 100;

const logger = new Logger('Cors');

/**
 * Creates Express middleware that logs why a browser will refuse a request of a page: the origin of the page, or a header.
 * It looks at preflights alone, because every request of a page of another origin has one. It lets all of them pass.
 *
 * The same line is written once in ten minutes, and at most 20 different ones.
 */
export function createPreflightLog({ origins, headers }: CorsRules, clock: Clock = new Clock()) {
  const written = new Set<string>();
  let windowEnd = 0;
  const warn = (line: string): void => {
    if (clock.now() >= windowEnd) {
      written.clear();
      windowEnd = clock.now() + WINDOW_MILLISECONDS;
    }
    if (written.has(line) || written.size >= LINES_PER_WINDOW) return;
    written.add(line);
    logger.warn(line);
  };
  return (request: Request, _response: Response, next: NextFunction): void => {
    const { origin, 'access-control-request-method': method } = request.headers;
    if (request.method === 'OPTIONS' && origin !== undefined && method !== undefined) {
      const others = listRequestedHeaders(request).filter((name) => !headers.includes(name));
      if (!origins.includes(origin)) {
        warn(`Pages of ${show(origin)} may not call the service: CORS_ORIGINS does not have this origin`);
      } else if (others.length > 0) {
        warn(`Pages of ${show(origin)} may not send ${show(others.join(', '))}: CORS_HEADERS does not have this`);
      }
    }
    next();
  };
}

/** The names are in lower case (Fetch standard, CORS-unsafe request-header names). */
function listRequestedHeaders(request: Request): string[] {
  const names = request.get('access-control-request-headers') ?? '';
  return names.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
}

/** Text of a client, as a line may show it. */
function show(text: string): string {
  const shown = text.slice(0, SHOWN_CHARACTERS).replace(/[^\x20-\x7e]/g, '?');
  return text.length > SHOWN_CHARACTERS ? `${shown}…` : shown;
}
