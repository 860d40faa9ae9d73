import { describe, expect, it } from '@jest/globals';
import { dummyCredentials, toOneLine, wantsLocalMode } from './local-mode.js';

describe('wantsLocalMode', () => {
  it.each([
    [true, {}],
    [true, { AGENT_ID: ' ', AGENT_ALIAS_ID: '' }],
    [true, { NODE_ENV: 'development' }],
    [false, { AGENT_ID: 'A', AGENT_ALIAS_ID: 'B' }],
    [false, { AGENT_ALIAS_ID: 'B' }],
    [false, { NODE_ENV: 'production' }],
    [false, { AWS_LAMBDA_FUNCTION_NAME: 'chat' }],
  ])('is %s for %j', (expected, variables) => {
    expect(wantsLocalMode(variables)).toBe(expected);
  });
});

describe('dummyCredentials', () => {
  it.each([{ AWS_ACCESS_KEY_ID: 'mine' }, { AWS_PROFILE: 'mine' }])('adds nothing to %j', (variables) => {
    expect(dummyCredentials(variables)).toEqual({});
  });

  it('returns dummies if the environment has no credentials', () => {
    expect(dummyCredentials({})).toEqual({ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  });
});

describe('toOneLine', () => {
  it.each([
    ['TypeError: a b', new TypeError('a\n  b')],
    ['Error: ECONNREFUSED', Object.assign(new Error(''), { code: 'ECONNREFUSED' })],
    ['text', 'text'],
  ])('returns %s', (expected, error) => {
    expect(toOneLine(error)).toBe(expected);
  });
});
