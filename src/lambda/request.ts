import { stringify } from 'node:querystring';
import type { WholeRequest } from './in-process-request.js';
import { toHttpEvent, type LambdaEvent } from './event.js';

/** The request that an event was made of, whatever its kind. */
export function toRequest(lambdaEvent: LambdaEvent | null): WholeRequest {
  const { event } = toHttpEvent(lambdaEvent);
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const headers = asSent(event.headers);
  if ('rawPath' in event) {
    const { rawPath, rawQueryString, requestContext } = event;
    return { method: requestContext.http.method, url: urlOf(rawPath, rawQueryString), headers, body };
  }
  const { httpMethod, path, multiValueQueryStringParameters: query } = event;
  return { method: httpMethod, url: urlOf(path, stringify(query ?? {})), headers, body };
}

/** A gateway may have decoded the path; what a request line cannot hold is encoded again. */
function urlOf(path: string, query: string): string {
  const encoded = path.toWellFormed().replace(/[^\x21-\x7e]|[?#]/gu, encodeURIComponent);
  return query === '' ? encoded : `${encoded}?${query}`;
}

/** Headers as their bytes came, of which events make characters. */
function asSent(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), Buffer.from(value).toString('latin1')]] : [],
    ),
  );
}
