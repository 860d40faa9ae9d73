import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { Clock } from '../../common/clock.js';
import { buildCorsRules } from './cors.js';
import { createPreflightLog } from './preflight-log.js';

const ORIGIN = 'https://app.example.com';
const RULES = buildCorsRules([ORIGIN], ['traceparent']);

describe('the log of refused preflights', () => {
  let lines: string[];
  let now: number;
  let handle: ReturnType<typeof createPreflightLog>;

  beforeEach(() => {
    lines = [];
    now = 0;
    handle = createPreflightLog(RULES, Object.assign(new Clock(), { now: () => now }));
    Logger.overrideLogger({ warn: (line: string) => void lines.push(line) } as unknown as LoggerService);
  });
  afterEach(() => Logger.overrideLogger(false));

  function send(headers: Record<string, string>, method = 'OPTIONS'): void {
    const get = (name: string) => headers[name];
    let isPassed = false;
    handle({ method, headers, get } as unknown as Request, {} as Response, () => (isPassed = true));
    expect(isPassed).toBe(true);
  }
  const preflight = (origin: string, names?: string) =>
    send({
      origin,
      'access-control-request-method': 'POST',
      ...(names !== undefined && { 'access-control-request-headers': names }),
    });

  it('names an origin that is not allowed, once', () => {
    preflight('capacitor://localhost');
    preflight('capacitor://localhost');
    expect(lines).toEqual([
      'Pages of capacitor://localhost may not call the service: CORS_ORIGINS does not have this origin',
    ]);
  });

  it('names headers that are not allowed, in any case', () => {
    preflight(ORIGIN, 'id_token, Baggage,,sentry-trace,Traceparent');
    expect(lines).toEqual([
      'Pages of https://app.example.com may not send baggage, sentry-trace: CORS_HEADERS does not have this',
    ]);
  });

  it('says nothing of what is allowed, and of what is no preflight', () => {
    preflight(ORIGIN, 'id_token,content-type,traceparent');
    preflight(ORIGIN);
    send({ origin: 'https://other.example', 'access-control-request-method': 'POST' }, 'POST');
    send({ origin: 'https://other.example' });
    send({});
    expect(lines).toEqual([]);
  });

  it('writes at most 20 lines in ten minutes, however many origins there are', () => {
    for (let index = 0; index < 1_000; index += 1) preflight(`https://${index}.example`);
    expect(lines).toHaveLength(20);
    now = 599_999;
    preflight('https://late.example');
    expect(lines).toHaveLength(20);
    now = 600_000;
    preflight('https://late.example');
    preflight('https://0.example');
    expect(lines.slice(20)).toEqual([expect.stringContaining('https://late'), expect.stringContaining('https://0')]);
  });

  it('shows no more than 100 characters of a client, and only plain ones', () => {
    preflight(`https://${'x'.repeat(60_000)}`);
    preflight('https://\u001b[31m\u202eevil');
    expect(lines[0]).toContain(`https://${'x'.repeat(92)}… may`);
    expect(lines[1]).toContain('https://?[31m?evil may');
  });
});
