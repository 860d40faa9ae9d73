import { type EventRequest, type JsonObject, readHeaders } from './event-request.js';

const FIELDS: readonly string[] = ['body', 'headers', 'isBase64Encoded'];

/** Reads an event of the original system: a turn as a body and headers, and nothing else. */
export function readBareEvent(event: JsonObject): EventRequest | undefined {
  if (!Object.keys(event).every((name) => FIELDS.includes(name))) return undefined;
  return {
    method: 'POST',
    path: '/chat',
    query: '',
    headers: readHeaders({ 'content-type': 'application/json' }, event['headers']),
    body: event['body'],
    isBase64Encoded: event['isBase64Encoded'],
    headerForm: 'single',
  };
}
