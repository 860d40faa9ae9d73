import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';
import { makeOpenApiFiles } from '../../scripts/openapi/make-files.js';
import { DOCUMENT } from '../support/openapi/api-document.js';
import { listDeviations, type SeenResponse } from '../support/openapi/check-response.js';

const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'x-request-id': 'r1',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

describe('the files that describe the API', () => {
  it('are what npm run openapi makes of the code', async () => {
    for (const [name, content] of Object.entries(await makeOpenApiFiles())) {
      // A difference of thousands of lines would take minutes to print.
      expect(readFileSync(name, 'utf8') === content ? name : `${name} differs: run npm run openapi`).toBe(name);
    }
  });

  it('have schemas of JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
    for (const schema of Object.values(DOCUMENT.components.schemas)) {
      expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null]);
    }
  });

  it('have an example of each error and of the stream, as the document describes them', () => {
    const special: Readonly<Record<string, string>> = {
      'retry-after': '1',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-accel-buffering': 'no',
    };
    const cases = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { headers = {}, content = {} }]) =>
          Object.entries(content).map(([type, { example, examples = {} }]) => ({
            seen: { method: method.toUpperCase(), url: path.replace('{id}', 'x'), status: Number(status) },
            headers: {
              ...HEADERS,
              ...Object.fromEntries(Object.entries(special).filter(([name]) => name in headers)),
              'content-type': type,
            },
            bodies: [
              ...(example === undefined ? [] : [example]),
              ...Object.values(examples).map(({ value }) => JSON.stringify(value)),
            ],
          })),
        ),
      ),
    );
    for (const { seen, headers, bodies } of cases) {
      const needsOne = seen.status >= 400 || headers['content-type'] === 'text/event-stream';
      expect([seen, !needsOne || bodies.length > 0]).toEqual([seen, true]);
      for (const body of bodies) {
        const [, id = 'r1'] = /request id ([\w-]+)/.exec(body) ?? [];
        expect(listDeviations({ ...seen, headers: { ...headers, 'x-request-id': id }, body })).toEqual([]);
      }
    }
  });
});

describe('a response', () => {
  const message = { id: 'c-1:1:user', role: 'user', content: 'hello', created_at: '2026-01-01T00:00:00.000Z' };
  const page: SeenResponse = {
    method: 'GET',
    url: '/chats/c-1/messages?limit=2',
    status: 200,
    headers: HEADERS,
    body: JSON.stringify({ messages: [message] }),
  };
  const unknownChat = { ...page, status: 404, body: '{"error":"Chat not found"}' };
  const stream: SeenResponse = {
    method: 'POST',
    url: '/chat/stream',
    status: 200,
    headers: {
      ...HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-accel-buffering': 'no',
    },
    body: 'data: {"type":"text-start","id":"answer"}\n\n: keep-alive\n\ndata: {"type":"error","errorText":"The agent failed"}\n\ndata: [DONE]\n\n',
  };
  const failed = {
    ...page,
    status: 500,
    body: '{"error":"Internal server error","message":"Report this; request id r1"}',
  };

  it.each([
    ['a page', page],
    ['an error', unknownChat],
    ['a failure', failed],
    ['a stream', stream],
    [
      'an error in a resumed stream',
      {
        ...stream,
        method: 'GET',
        url: '/chat/stream/c-1/stream',
        body: stream.body!.replace('The agent failed', 'Chat not found'),
      },
    ],
    ['an unknown route', { ...page, url: '/nowhere', status: 404, body: '{"error":"Not found"}' }],
    ['a refusal of the server', { ...page, url: '', status: 431, body: '{"error":"Request headers are too large"}' }],
    ['a response that was not read', { ...page, body: undefined }],
    ['a response to HEAD', { ...page, method: 'HEAD', body: '' }],
  ])('passes as it is: %s', (_, response) => {
    expect(listDeviations(response)).toEqual([]);
  });

  it.each<[string, SeenResponse, RegExp]>([
    ['a status', { ...page, status: 418 }, /^GET \/chats\/\{id\}\/messages 418: the status is not described/],
    ['a status of an unknown route', { ...page, url: '/nowhere' }, /^an unknown route 200: /],
    // A stream that is resumed opens at once, so its errors have no status.
    ...[
      [404, 'Chat not found'],
      [409, 'A turn is already in progress'],
      [429, 'The agent is busy'],
      [502, 'The agent failed'],
      [503, 'The agent is unavailable'],
      [504, 'The agent took too long'],
    ].map(([status, error]): [string, SeenResponse, RegExp] => [
      `${status} of a resumed stream`,
      { ...page, url: '/chat/stream/c-1/stream', status: Number(status), body: JSON.stringify({ error }) },
      /the status is not described|is no example/,
    ]),
    ['a header', { ...page, headers: { ...HEADERS, 'x-extra': '1' } }, /the header x-extra is not described$/],
    [
      'a value of a header',
      { ...page, headers: { ...HEADERS, 'cache-control': 'public' } },
      /the header cache-control/,
    ],
    ['a missing header', { ...page, headers: { ...HEADERS, 'x-request-id': undefined } }, /x-request-id is missing$/],
    ['a missing Retry-After', { ...failed, status: 503, body: undefined }, /the header retry-after is missing$/],
    [
      'a type',
      { ...page, headers: { ...HEADERS, 'content-type': 'text/html' } },
      /the type text\/html is not described/,
    ],
    ['a field', { ...page, body: '{"messages":[],"extra":1}' }, /"additionalProperty":"extra"/],
    [
      'a field inside',
      { ...page, body: JSON.stringify({ messages: [{ ...message, extra: 1 }] }) },
      /^[^:]+: \/messages\/0 must NOT have additional properties \{"additionalProperty":"extra"\}$/,
    ],
    ['a missing field', { ...page, body: '{}' }, /must have required property 'messages'/],
    ['a value', { ...page, body: JSON.stringify({ messages: [{ ...message, status: 'odd' }] }) }, /\/status must be/],
    ['a time', { ...page, body: JSON.stringify({ messages: [{ ...message, created_at: 'now' }] }) }, /created_at must/],
    ['what is no JSON', { ...page, body: 'hello' }, /must be object/],
    [
      'a body where none is',
      { ...page, method: 'DELETE', url: '/chats/x', status: 204, body: '{}' },
      /there is a body/,
    ],
    ['a text of an error', { ...unknownChat, body: '{"error":"No chat"}' }, /the text .*"No chat".* is no example/],
    ['the message of an error', { ...failed, body: failed.body.replace('r1', 'r2') }, /is no example/],
    ['a kind of event', { ...stream, body: 'data: {"type":"odd"}\n\ndata: [DONE]\n\n' }, /must be equal to constant/],
    [
      'a field of an event',
      { ...stream, body: 'data: {"type":"text-end","id":"a","extra":1}\n\ndata: [DONE]\n\n' },
      /"additionalProperty":"extra"/,
    ],
    ['the end of a stream', { ...stream, body: 'data: {"type":"text-end","id":"a"}\n\n' }, /does not end with/],
    [
      'a text in a stream',
      { ...stream, body: 'data: {"type":"error","errorText":"Odd"}\n\ndata: [DONE]\n\n' },
      /the text Odd is no example/,
    ],
  ])('deviates by %s that is not described', (_, response, expected) => {
    expect(listDeviations(response)).toContainEqual(expect.stringMatching(expected));
  });
});
