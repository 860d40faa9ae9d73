import { describe, expect, it } from '@jest/globals';
import { loadEnvironment } from './environment.js';
import { HttpSettings } from './settings.js';
import { findProblems } from '../../test/support/environment-problems.js';

const VALID = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa' };

const findHttpProblems = (variables: Record<string, string>) => findProblems({ ...VALID, ...variables });
const read = (variables: Record<string, string>) => new HttpSettings(loadEnvironment({ ...VALID, ...variables }));

describe('the settings of HTTP', () => {
  it('allow no page, have no base path and keep connections for 75 s by default', () => {
    expect({ ...read({}) }).toEqual({
      keepAliveTimeout: 75_000,
      basePath: undefined,
      corsOrigins: [],
      corsHeaders: [],
    });
  });

  it.each([
    'https://app.example.com, http://localhost:5173',
    'capacitor://localhost,ionic://localhost,tauri://localhost,app://-,file://',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop,safari-web-extension://E6FE8A7C-1',
    'exp://192.168.1.2:8081,https://[::1]:3000',
  ])('have the origins %s', (CORS_ORIGINS) => {
    expect(read({ CORS_ORIGINS }).corsOrigins).toEqual(CORS_ORIGINS.split(/, ?/));
  });

  it.each([
    '*',
    'app.example.com',
    'https://app.example.com/',
    'https://*.example.com',
    'https://app.example.com, https://*',
    'null',
    'file://x',
    'file:///',
    'https://A.com',
    'https://app.example.com:443',
    'capacitor://',
    'capacitor:localhost',
    'Capacitor://localhost',
    'capacitor://localhost/',
    'chrome-extension://*',
    'app://user@localhost',
  ])('refuse the origin %s', (CORS_ORIGINS) => {
    expect(findHttpProblems({ CORS_ORIGINS })).toEqual([
      'CORS_ORIGINS must be origins such as https://app.example.com separated by commas',
    ]);
  });

  it('have the names of headers in lower case', () => {
    const CORS_HEADERS = 'traceparent, Baggage,sentry-trace,x-amz-content-sha256,X_Custom';
    const corsHeaders = ['traceparent', 'baggage', 'sentry-trace', 'x-amz-content-sha256', 'x_custom'];
    expect(read({ CORS_HEADERS }).corsHeaders).toEqual(corsHeaders);
  });

  it.each(['*', 'traceparent,', 'two words', 'x:y', 'x'.repeat(65)])('refuse the header %s', (CORS_HEADERS) => {
    expect(findHttpProblems({ CORS_HEADERS })).toEqual(['CORS_HEADERS must be names of headers separated by commas']);
  });

  it.each(['/api/v1', 'api/v1', '/api/v1/', ' api/v1// '])('read the base path %j', (BASE_PATH) => {
    expect(read({ BASE_PATH }).basePath).toBe('/api/v1');
  });

  it.each(['/', ' // '])('take the base path %j as none', (BASE_PATH) => {
    expect(read({ BASE_PATH }).basePath).toBeUndefined();
  });

  it.each(['/a//b', '/a?b', '/a b', '/..', '/.a', 'https://x/api', '/a%20b'])(
    'refuse the base path %s',
    (BASE_PATH) => {
      expect(findHttpProblems({ BASE_PATH })).toEqual([
        'BASE_PATH must be a path such as /api of letters, digits, _ . ~ -',
      ]);
    },
  );

  it.each([
    ['0', 'must be at least 1'],
    ['86401', 'must be at most 86400'],
    ['75s', 'must be a whole number'],
  ])('refuse to keep connections for %s', (KEEP_ALIVE_SECONDS, problem) => {
    expect(findHttpProblems({ KEEP_ALIVE_SECONDS })).toEqual([`KEEP_ALIVE_SECONDS ${problem}`]);
  });
});
