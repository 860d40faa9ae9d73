import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from '@jest/globals';
import { insertToken } from '../../../scripts/lambda/events.js';
import type { FunctionParts } from '../../../scripts/lambda/local-parts.js';
import { TableSettings } from '../../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../../src/dynamodb/dynamodb.client.js';
import { loadEnvironment } from '../../../src/config/environment.js';
import { toHttpEvent } from '../../../src/lambda/event.js';
import type { HeaderFields, LambdaResponse } from '../../../src/lambda/response.js';
import { originalChat } from '../chat-items.js';
import { LONGER_TIMEOUT } from '../client-timeouts.js';
import { expectDescribed } from '../openapi/response-listener.js';
import { parseStream } from '../ui-stream.js';
import { FOREIGN_EVENTS } from './foreign-events.js';
import { REQUEST_EVENTS } from './request-events.js';

/** The parts of a response that the contract fixes. */
export interface ShownAnswer {
  readonly statusCode: number;
  /** The JSON value, or the outline and the text of a stream. Absent without a body. */
  readonly body?: unknown;
}

const turn = (prompt: string): ShownAnswer => ({
  statusCode: 200,
  body: {
    response: expect.stringContaining(prompt),
    chat: expect.objectContaining({
      user_id: 'demo',
      title: prompt,
      messages: [
        expect.objectContaining({ role: 'user', content: prompt }),
        expect.objectContaining({ role: 'assistant' }),
      ],
    }),
  },
});
/** The response to a request that is refused. */
export const refusal = (statusCode: number, error: string): ShownAnswer => ({ statusCode, body: { error } });
const HEALTHY: ShownAnswer = { statusCode: 200, body: { status: 'ok' } };
const NOTHING: ShownAnswer = { statusCode: 204 };
/** The older turn of the chat that `putOldChat` puts. */
const OLDER_TURN: ShownAnswer = {
  statusCode: 200,
  body: {
    messages: [
      { id: 'trip:lisbon:-1:user', role: 'user', content: 'Where were we?' },
      { id: 'trip:lisbon:-1', role: 'assistant', content: 'At the beginning.' },
    ],
  },
};
/** The same chat without its messages. */
const OLD_CHAT = {
  id: 'trip:lisbon',
  user_id: 'demo',
  title: 'An old chat',
  created_at: '2024-05-01T10:00:00.123Z',
  updated_at: '2024-05-01T10:05:00.654Z',
};
const STREAM: ShownAnswer = {
  statusCode: 200,
  body: {
    outline: ['start', 'text-start', 'text-delta', 'text-end', 'source-url', 'finish'],
    text: expect.stringContaining('Plan a weekend in Lisbon'),
    isDone: true,
  },
};
const LIST: ShownAnswer = { statusCode: 200, body: { chats: expect.arrayContaining([OLD_CHAT]) } };
const RENAMED: ShownAnswer = { statusCode: 200, body: { chat: { ...OLD_CHAT, title: 'A weekend in Lisbon' } } };
const WEEKEND = turn('Plan a weekend in Lisbon');

/** The expected responses to the files of events/. */
export const ANSWERS: Readonly<Record<string, ShownAnswer>> = {
  'alb-multi-value-get-messages': OLDER_TURN,
  'alb-post-chat': WEEKEND,
  empty: refusal(404, 'Not found'),
  event: WEEKEND,
  'event-object-body': WEEKEND,
  'function-url-delete-chat': NOTHING,
  'function-url-get-health': HEALTHY,
  'function-url-get-messages': OLDER_TURN,
  'function-url-get-messages-two-limits': refusal(400, "Query 'limit' is invalid"),
  'function-url-no-token': refusal(401, 'Invalid id_token: token is missing'),
  'function-url-post-chat': WEEKEND,
  'function-url-post-chat-stream': STREAM,
  'function-url-rename-chat': RENAMED,
  'function-url-resume-stream': NOTHING,
  'function-url-stop-turn': NOTHING,
  'function-url-unknown-route': refusal(404, 'Not found'),
  'http-delete-chat': NOTHING,
  'http-get-health-ready': HEALTHY,
  'http-get-messages': OLDER_TURN,
  'http-list-chats': LIST,
  'http-post-chat': WEEKEND,
  'http-stop-turn': NOTHING,
  'http-v1-post-chat': WEEKEND,
  'lattice-v1-post-chat': WEEKEND,
  'lattice-v2-post-chat': WEEKEND,
  'rest-bad-token': refusal(401, 'Invalid id_token: token is malformed'),
  'rest-delete-chat': NOTHING,
  'rest-delete-chats': NOTHING,
  'rest-get-chat': refusal(404, 'Chat not found'),
  'rest-get-health': HEALTHY,
  'rest-get-health-ready': HEALTHY,
  'rest-get-messages': OLDER_TURN,
  'rest-get-messages-two-limits': refusal(400, "Query 'limit' is invalid"),
  'rest-list-chats': LIST,
  'rest-no-prompt': refusal(400, "Field 'prompt' is required"),
  'rest-post-chat': WEEKEND,
  'rest-post-chat-base64': turn('Olá, Lisboa'),
  'rest-post-chat-stream': STREAM,
  'rest-post-chat-stream-ai-sdk': STREAM,
  'rest-preflight': NOTHING,
  'rest-preflight-chats': NOTHING,
  'rest-preflight-resume': NOTHING,
  'rest-preflight-stop': NOTHING,
  'rest-preflight-stream': NOTHING,
  'rest-rename-chat': RENAMED,
  'rest-resume-stream': NOTHING,
  'rest-stop-turn': NOTHING,
  'rest-two-tokens': refusal(401, 'Invalid id_token: token is malformed'),
  scheduled: refusal(404, 'Not found'),
};

/** The expected response to one of `REQUEST_EVENTS`. */
export function answerToEvent(name: string): ShownAnswer {
  const { status, error = '' } = REQUEST_EVENTS[name]!;
  return status === 200 ? WEEKEND : refusal(status, error);
}

/** The headers of the streamed response to a file of events/. */
export function answerHeaders(name: string): HeaderFields {
  const cacheControl = ANSWERS[name] === STREAM ? 'no-store, no-transform' : 'no-store';
  if (!name.includes('multi-value'))
    return { headers: { 'cache-control': cacheControl, 'x-content-type-options': 'nosniff' } };
  return { multiValueHeaders: { 'cache-control': [cacheControl], 'x-content-type-options': ['nosniff'] } };
}

/** Sends every event of a request and every other event, and expects the response that the contract has for it. */
export async function expectAnswers(token: string, send: (event: string) => Promise<LambdaResponse>): Promise<void> {
  const answers: Record<string, ShownAnswer> = {};
  const expected: Record<string, ShownAnswer> = {};
  const events = [
    ...Object.entries(REQUEST_EVENTS).map(([name, { event }]) => [name, event, answerToEvent(name)] as const),
    ...Object.entries(FOREIGN_EVENTS).map(([name, event]) => [name, event, refusal(404, 'Not found')] as const),
  ];
  for (const [name, event, answer] of events) {
    answers[name] = answerTo(await send(insertToken(JSON.stringify(event), token)));
    expected[name] = answer;
  }
  expect(answers).toEqual(expected);
}

/**
 * Puts the chat that an event reads, renames or deletes: `trip:lisbon` of the user `demo`, as the original system wrote
 * it. Its ids may have a colon, which paths may write as `%3A`. Other events need no chat.
 *
 * @param name - of a file of events/.
 */
export async function putOldChat({ variables }: FunctionParts, name: string): Promise<void> {
  if (!/messages|list|rename|delete/.test(name)) return;
  const environment = loadEnvironment(variables);
  const client = createDynamoDbClient(new TableSettings(environment), LONGER_TIMEOUT);
  const messages = [
    { role: 'user', content: 'Where were we?' },
    { role: 'assistant', content: 'At the beginning.' },
    { role: 'user', content: 'And now?' },
    { role: 'assistant', content: 'Further on.' },
  ];
  const Item = { ...originalChat('trip:lisbon', messages), user_id: 'demo' };
  await createDocumentClient(client).send(new PutCommand({ TableName: environment.DYNAMODB_TABLE, Item }));
  client.destroy();
}

interface SentResult {
  readonly statusCode: number;
  /** Undefined if its end was not sent. */
  readonly body: string | undefined;
}

/** An event that is refused has no route. */
const NO_REQUEST = { method: '', url: '' };

/** Compares the response to an event with openapi.json. The test fails later if it deviates. */
export function expectDescribedResult(
  event: unknown,
  { statusCode, headers, multiValueHeaders, body }: HeaderFields & SentResult,
): void {
  const { method, url } = toHttpEvent(event).request ?? NO_REQUEST;
  expectDescribed({ method, url, status: statusCode, headers: multiValueHeaders ?? headers ?? {}, body });
}

/** Parses the body of a response. */
export function answerTo({ statusCode, body, headers, multiValueHeaders }: LambdaResponse): ShownAnswer {
  if (body === '') return { statusCode };
  const type = headers?.['content-type'] ?? multiValueHeaders?.['content-type']?.[0] ?? '';
  if (!type.startsWith('text/event-stream')) return { statusCode, body: JSON.parse(body) };
  const { outline, text, isDone } = parseStream(statusCode, new Headers({ 'content-type': type }), body);
  return { statusCode, body: { outline, text, isDone } };
}
