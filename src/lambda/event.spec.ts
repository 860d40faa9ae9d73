import { describe, expect, it } from '@jest/globals';
import { toHttpEvent } from './event.js';

/** The URL of a Function URL's event. */
const urlOf = (rawPath: string, fields: object = {}, basePath?: string) => {
  const event = { rawPath, requestContext: { http: { method: 'GET' }, ...fields } };
  return toHttpEvent(event, basePath).request?.url;
};
const headersOf = (headers: object) => toHttpEvent({ headers }).request?.headers;

describe('toHttpEvent', () => {
  it.each([
    ['/chat', '/chat'],
    ['/prod-base/chat', '/chat'],
    ['/a/b/c/chats/x/messages', '/chats/x/messages'],
    ['/base/chats/chat', '/chats/chat'],
    ['/base/health/ready', '/health/ready'],
    ['/base/chats/x/stop', '/chats/x/stop'],
    ['/base/chat/stream/x/stream', '/chat/stream/x/stream'],
    ['//chat', '/chat'],
    ['/base/chat/', '/chat/'],
  ])('takes the base path off %s', (path, url) => {
    expect(urlOf(path)).toBe(url);
  });

  it.each(['/', '/nowhere', '/chats/x/chats', '/chat/chats', '/chatty', '/base/Chat', '/base/chat%2Fx'])(
    'leaves %s alone, so that no wrong path becomes another route',
    (path) => {
      expect(urlOf(path)).toBe(path);
    },
  );

  it.each([
    ['/users/42/chats', {}],
    ['/undefined/chats', {}],
    ['/base/chats/', {}],
    ['//chats', {}],
    ['/users/42/chats', { resource: '/{proxy+}', pathParameters: { proxy: 'users/42/chats' } }],
    ['/api/42/chats', { resource: '/api/{proxy+}', pathParameters: { proxy: '42/chats' } }],
    ['/users/42/chats', { resource: '/users/{id}/chats', pathParameters: { id: '42' } }],
    ['/users/chats', { resource: '/users/{id}', pathParameters: { id: 'chats' } }],
    ['/chats/', { resource: '/chats' }],
    ['/chats/', { resource: '/{proxy+}', pathParameters: { proxy: 'chats' } }],
  ])('does not make DELETE /chats of DELETE %s with %j', (path, fields) => {
    const { request } = toHttpEvent({ httpMethod: 'DELETE', path, ...fields });
    expect(request?.url).toBe(path);
  });

  it.each([
    ['/v2/chats', { resource: '/v2/chats' }],
    ['/base/chats', { resource: '/chats' }],
    ['/api/chats', { resource: '/api/{proxy+}', pathParameters: { proxy: 'chats' } }],
    ['/base/chats', { resource: '/{proxy+}', pathParameters: { proxy: 'chats' } }],
    ['/v1/chats', { requestContext: { stage: 'v1' } }],
  ])('takes a base path that is configured off DELETE %s with %j', (path, fields) => {
    const { request } = toHttpEvent({ httpMethod: 'delete', path, ...fields });
    expect(request?.url).toBe('/chats');
  });

  it.each([
    ['/v1', 'v1', '/'],
    ['/v1/chat', 'v1', '/chat'],
    ['/v1/api/chat', 'v1', '/api/chat'],
    ['/chat/chat', undefined, '/chat/chat'],
    ['/v10/api/chat', 'v1', '/v10/api/chat'],
  ])('takes only the stage off %s if a base path is configured', (path, stage, url) => {
    expect(urlOf(path, { stage }, '/api')).toBe(url);
  });

  it('encodes what a URL cannot hold, once', () => {
    const event = { rawPath: '/chats/é #?%20\ud800', rawQueryString: 'a=b c\r\n#&d=%20', requestContext: {} };
    const { request } = toHttpEvent({ ...event, requestContext: { http: { method: 'GET' } } });
    expect(request?.url).toBe('/chats/%C3%A9%20%23%3F%20%EF%BF%BD?a=b%20c%0D%0A%23&d=%20');
  });

  it('drops headers of the connection to the gateway, and names a host', () => {
    const headers = {
      Connection: 'upgrade',
      'content-length': '1',
      expect: '100-continue',
      'transfer-encoding': 'chunked',
    };
    expect(headersOf({ ...headers, upgrade: 'websocket', 'x-one': '1' })).toEqual({
      host: ['localhost'],
      'content-type': ['application/json'],
      'x-one': ['1'],
    });
  });

  it('keeps the lines of a header apart, and leaves out what is no text', () => {
    expect(headersOf({ 'X-One': 'a', 'x-one': ['b', 7, 'c'], 'x-two': null, 'x-three': {} })).toMatchObject({
      'x-one': ['a', 'b', 'c'],
    });
    expect(Object.keys(headersOf({ 'x-two': null, 'x-three': {} })!)).toEqual(['host', 'content-type']);
  });

  it('has a body of bytes, whatever the event holds', () => {
    const nested = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown;
    const bodies = [undefined, null, '', 'é', 7, { a: 1 }, nested].map((body) => toHttpEvent({ body }).request?.body);
    expect(bodies.map(String)).toEqual(['', '', '', 'é', '7', '{"a":1}', '{']);
    expect(String(toHttpEvent({ body: 'YQ==', isBase64Encoded: true }).request?.body)).toBe('a');
    expect(String(toHttpEvent({ body: 'YQ==', isBase64Encoded: 'yes' }).request?.body)).toBe('YQ==');
  });
});
