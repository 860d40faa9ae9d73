import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from '@jest/globals';
import type { FunctionParts } from '../../../scripts/lambda/local-parts.js';
import { TableSettings } from '../../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../../src/dynamodb/dynamodb.client.js';
import { loadEnvironment } from '../../../src/config/environment.js';
import type { LambdaResponse } from '../../../src/lambda.js';
import type { LambdaEvent } from '../../../src/lambda/event.js';
import { toRequest } from '../../../src/lambda/request.js';
import { originalChat } from '../chat-items.js';
import { LONGER_TIMEOUT } from '../client-timeouts.js';
import { expectDescribed } from '../openapi/response-listener.js';
import { parseStream } from '../ui-stream.js';

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
const fault = (statusCode: number, error: string): ShownAnswer => ({ statusCode, body: { error } });
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
const WEEKEND = turn('Plan a weekend in Lisbon');

/** The expected responses to the files of events/. */
export const ANSWERS: Readonly<Record<string, ShownAnswer>> = {
  empty: fault(401, 'Invalid id_token: token is missing'),
  event: WEEKEND,
  'event-object-body': WEEKEND,
  'function-url-delete-chat': NOTHING,
  'function-url-get-health': HEALTHY,
  'function-url-get-messages': OLDER_TURN,
  'function-url-get-messages-two-limits': fault(400, "Query 'limit' is invalid"),
  'function-url-no-token': fault(401, 'Invalid id_token: token is missing'),
  'function-url-post-chat': WEEKEND,
  'function-url-post-chat-stream': STREAM,
  'function-url-unknown-route': fault(404, 'Not found'),
  'http-delete-chat': NOTHING,
  'http-get-health-ready': HEALTHY,
  'http-get-messages': OLDER_TURN,
  'http-post-chat': WEEKEND,
  'rest-bad-token': fault(401, 'Invalid id_token: token is malformed'),
  'rest-delete-chat': NOTHING,
  'rest-delete-chats': NOTHING,
  'rest-get-chat': fault(404, 'Chat not found'),
  'rest-get-health': HEALTHY,
  'rest-get-health-ready': HEALTHY,
  'rest-get-messages': OLDER_TURN,
  'rest-get-messages-two-limits': fault(400, "Query 'limit' is invalid"),
  'rest-list-chats': { statusCode: 200, body: { chats: expect.arrayContaining([OLD_CHAT]) } },
  'rest-no-prompt': fault(400, "Field 'prompt' is required"),
  'rest-post-chat': WEEKEND,
  'rest-post-chat-base64': turn('Olá, Lisboa'),
  'rest-post-chat-stream': STREAM,
  'rest-preflight': NOTHING,
  'rest-preflight-chats': NOTHING,
  'rest-preflight-stream': NOTHING,
  'rest-rename-chat': { statusCode: 200, body: { chat: { ...OLD_CHAT, title: 'A weekend in Lisbon' } } },
  'rest-two-tokens': fault(401, 'Invalid id_token: token is malformed'),
};

/**
 * Puts the chat that the events read and delete: `trip:lisbon` of the user `demo`, as the original system wrote it. Its
 * ids may have a colon, which paths may write as `%3A`.
 */
export async function putOldChat({ variables }: FunctionParts): Promise<void> {
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

/** Compares the response to an event with openapi.json. The test fails later if it deviates. */
export function expectDescribedResult(
  event: LambdaEvent | null,
  { statusCode, headers, multiValueHeaders, body }: LambdaResponse,
): void {
  const { method, url } = toRequest(event);
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
