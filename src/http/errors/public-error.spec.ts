import { NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { DomainError, type DomainErrorOptions, type ErrorKind } from '../../common/domain-error.js';
import { toPublicError } from './public-error.js';

class PlannedError extends DomainError {
  constructor(
    readonly kind: ErrorKind,
    options?: DomainErrorOptions,
  ) {
    super('planned', options);
  }
}

describe('toPublicError', () => {
  it.each<[ErrorKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['not-found', 404],
    ['conflict', 409],
    ['too-large', 413],
    ['unsupported', 415],
    ['unprocessable', 422],
    ['throttled', 429],
  ])('gives the kind %s the status %i and no advice', (kind, status) => {
    expect(toPublicError(new PlannedError(kind))).toEqual({ status, error: 'planned' });
  });

  it.each<[ErrorKind, number]>([
    ['upstream-failed', 502],
    ['unavailable', 503],
    ['timed-out', 504],
  ])('gives the kind %s the status %i and advises to try again', (kind, status) => {
    expect(toPublicError(new PlannedError(kind))).toEqual({ status, error: 'planned', advice: 'Try again' });
  });

  it('keeps the time after which the client may try again', () => {
    expect(toPublicError(new PlannedError('throttled', { retryAfterSeconds: 5 })).retryAfterSeconds).toBe(5);
  });

  it('keeps the detail of an error', () => {
    const error = new PlannedError('unavailable', { detail: 'table: cannot be reached' });
    expect(toPublicError(error)).toMatchObject({ status: 503, detail: 'table: cannot be reached' });
  });

  it.each([
    ['the 404 of Nest', new NotFoundException('Cannot GET /secret')],
    ['a URIError', new URIError('URI malformed')],
    ['an error that a URIError caused', new Error('bad path', { cause: new URIError('URI malformed') })],
  ])('treats %s as an unknown route', (_, thrown) => {
    expect(toPublicError(thrown)).toEqual({ status: 404, error: 'Not found' });
  });

  it.each([[new TypeError('internal detail')], ['text'], [undefined]])('says nothing about %p', (thrown) => {
    expect(toPublicError(thrown)).toEqual({ status: 500, error: 'Internal server error', advice: 'Report this' });
  });
});
