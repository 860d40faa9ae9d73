import { describe, expect, it } from '@jest/globals';
import { expectDescribedRequest, takeDeviations } from '../support/openapi/response-listener.js';

const ASK = {
  method: 'POST',
  url: '/chat/stream',
  headers: { id_token: 'x', 'content-type': 'application/json', 'idempotency-key': 'k', 'user-agent': 'a browser' },
  body: '{"prompt":"Hello","chat_id":"c","replace_from":"c:1:user"}',
};
const LIST = { method: 'GET', url: '/chats?limit=30&cursor=x', headers: { id_token: 'x' }, body: undefined };

describe('a request that was noted', () => {
  it.each([
    ['a route', { ...LIST, url: '/chats/x/y' }, /GET \/chats\/x\/y: the route is not described/],
    ['a page with a body', { ...LIST, url: '/page/main.js', body: '{}' }, /the route is not described/],
    ['a field of the query', { ...LIST, url: '/chats?size=3' }, /the query size is not described/],
    ['a value of the query', { ...LIST, url: '/chats?limit=101' }, /the query limit must be <= 100/],
    ['a header', { ...LIST, headers: { 'x-custom': '1' } }, /the header x-custom is not described/],
    [
      'a value of a header',
      { ...ASK, headers: { ...ASK.headers, supersede: '1' } },
      /the header supersede must be equal/,
    ],
    ['a body', { ...LIST, body: '{}' }, /there is a body, and none is described/],
    ['a field of the body', { ...ASK, body: '{"prompt":"Hello","model":"x"}' }, /POST \/chat\/stream.*"model"/],
    ['an empty body', { ...ASK, body: undefined }, /must be object/],
    ['a type', { ...ASK, headers: { 'content-type': 'text/plain' } }, /the type text\/plain is not described/],
  ])('has %s that is not described', async (_, request, expected) => {
    expectDescribedRequest(request);
    expect((await takeDeviations()).join('\n')).toMatch(expected);
  });

  it('is as it is described', async () => {
    [ASK, LIST, { ...LIST, url: '/page/main.js', headers: {} }].forEach(expectDescribedRequest);
    expect(await takeDeviations()).toEqual([]);
  });
});
