import { type ArgumentsHost, ConflictException, Logger, type LoggerService } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../common/domain-error.js';
import { runWithRequestContext } from '../../common/request-context.js';
import { ErrorFilter } from './error.filter.js';
import { InvalidRequestError } from './http.errors.js';

/** Handles a thrown value. @returns the calls of the response. */
function handle(thrown: unknown, { headersSent = false } = {}): unknown[][] {
  const calls: unknown[][] = [];
  const response: Record<string, unknown> = { headersSent };
  for (const name of ['setHeader', 'status', 'json', 'destroy']) {
    response[name] = (...values: unknown[]) => {
      calls.push([name, ...values]);
      return response;
    };
  }
  const host = { switchToHttp: () => ({ getResponse: () => response }) };
  runWithRequestContext({ requestId: 'r1' }, () => new ErrorFilter().catch(thrown, host as unknown as ArgumentsHost));
  return calls;
}

describe('ErrorFilter', () => {
  let lines: unknown[];
  beforeEach(() => {
    lines = [];
    const note = (line: unknown) => void lines.push(line);
    const logger = { error: note, log: note } as unknown as LoggerService;
    Logger.overrideLogger(logger);
  });
  afterEach(() => Logger.overrideLogger(false));

  it('sends an error of the client as one key, and logs nothing', () => {
    expect(handle(new InvalidRequestError('bad'))).toEqual([
      ['status', 400],
      ['json', { error: 'bad' }],
    ]);
    expect(lines).toEqual([]);
  });

  it('logs the fixed reason of a 401, and nothing of the token', () => {
    class RefusedError extends DomainError {
      readonly kind = 'unauthenticated';
    }
    const cause = new Error('jwt malformed: eyJ');
    expect(handle(new RefusedError('Invalid id_token: token has expired', { cause }))).toEqual([
      ['status', 401],
      ['json', { error: 'Invalid id_token: token has expired' }],
    ]);
    expect(lines).toEqual([{ status: 401, error: 'Invalid id_token: token has expired' }]);
  });

  it('logs an unexpected error once, and sends advice with the request id', () => {
    expect(handle(new ConflictException('internal detail'))).toEqual([
      ['status', 500],
      ['json', { error: 'Internal server error', message: 'Report this; request id r1' }],
    ]);
    expect(lines).toMatchObject([{ status: 500, error: { name: 'ConflictException' } }]);
    expect(JSON.stringify(lines)).not.toContain('internal detail');
  });

  it('sends a detail in place of the advice, and logs no error that is logged already', () => {
    class PlannedError extends DomainError {
      readonly kind = 'unavailable';
    }
    const error = new PlannedError('Not ready', { detail: 'table: cannot be reached', isLogged: true });
    expect(handle(error)).toEqual([
      ['status', 503],
      ['json', { error: 'Not ready', message: 'table: cannot be reached' }],
    ]);
    expect(lines).toEqual([]);
  });

  it('cuts a response that has begun', () => {
    expect(handle(new Error('late'), { headersSent: true })).toEqual([['destroy']]);
    expect(lines).toHaveLength(1);
  });
});
