import { describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { createBasePath } from './base-path.js';

/** The URL that the routes see. */
function route(basePath: string, url: string): string {
  const request = { url } as Request;
  createBasePath(basePath)(request, {} as Response, () => undefined);
  return request.url;
}

describe('the base path', () => {
  it.each([
    ['/api', '/api/chat', '/chat'],
    ['/api', '/api/chats/x?limit=1', '/chats/x?limit=1'],
    ['/api/v1', '/api/v1/chat', '/chat'],
    ['/chat', '/chat/chat', '/chat'],
    ['/chat', '/chat/chats/chat', '/chats/chat'],
    ['/api', '/api', '/'],
    ['/api', '/api/', '/'],
    ['/api', '/api?a=b', '/?a=b'],
  ])('%s is taken off %s', (basePath, url, expected) => {
    expect(route(basePath, url)).toBe(expected);
  });

  it.each(['/chat', '/apis/chat', '/API/chat', '/x/api/chat', '*', '/'])('is not in %s', (url) => {
    expect(route('/api', url)).toBe(url);
  });
});
