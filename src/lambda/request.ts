import { stringify } from 'node:querystring';
import type { BufferedRequest } from './in-process-request.js';
import { toHttpEvent, type LambdaEvent } from './event.js';

/** Rebuilds the HTTP request that an event of any kind was made from. */
export function toRequest(lambdaEvent: LambdaEvent | null): BufferedRequest {
  const { event } = toHttpEvent(lambdaEvent);
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const headers = toRawHeaders(event.headers);
  if ('rawPath' in event) {
    const { rawPath, rawQueryString, requestContext } = event;
    return { method: requestContext.http.method, url: buildUrl(rawPath, rawQueryString), headers, body };
  }
  const { httpMethod, path, multiValueQueryStringParameters: query } = event;
  return { method: httpMethod, url: buildUrl(path, stringify(query ?? {})), headers, body };
}

/** A gateway may have decoded the path, so characters that a request line cannot hold are encoded again. */
function buildUrl(path: string, query: string): string {
  const encoded = path.toWellFormed().replace(/[^\x21-\x7e]|[?#]/gu, encodeURIComponent);
  return query === '' ? encoded : `${encoded}?${query}`;
}

/** Headers as Node holds them: one character for each byte. Events hold them decoded from UTF-8. */
function toRawHeaders(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), Buffer.from(value).toString('latin1')]] : [],
    ),
  );
}
