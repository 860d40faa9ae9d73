import { type EventRequest, isObject, type JsonObject, readHeaders } from './event-request.js';

/**
 * Reads an event of an HTTP API (payload format 2.0) or of a Function URL. Lines of one header are joined in it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function readHttpApiEvent(event: JsonObject): EventRequest | undefined {
  const { requestContext, rawPath, routeKey, rawQueryString } = event;
  if (!isObject(requestContext) || !isObject(requestContext['http'])) return undefined;
  return {
    method: requestContext['http']['method'],
    path: rawPath,
    route: {
      resource: typeof routeKey === 'string' ? routeKey.split(' ')[1] : undefined,
      parameters: event['pathParameters'],
      stage: requestContext['stage'],
    },
    query: typeof rawQueryString === 'string' ? rawQueryString : '',
    headers: readHeaders(event['headers']),
    body: event['body'],
    isBase64Encoded: event['isBase64Encoded'],
    headerForm: 'single',
  };
}
