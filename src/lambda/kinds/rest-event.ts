import { encodeText, type EventRequest, isObject, type JsonObject, readHeaders, readQuery } from './event-request.js';

/**
 * Reads an event of a REST API, or of an HTTP API with the payload format 1.0. The gateway has decoded the query.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function readRestEvent(event: JsonObject): EventRequest | undefined {
  const { httpMethod, path, requestContext } = event;
  if (httpMethod === undefined || !(path !== undefined || isObject(requestContext))) return undefined;
  return {
    method: httpMethod,
    path,
    route: {
      resource: event['resource'],
      parameters: event['pathParameters'],
      stage: isObject(requestContext) ? requestContext['stage'] : undefined,
    },
    query: readQuery([event['queryStringParameters'], event['multiValueQueryStringParameters']], encodeText),
    headers: readHeaders(event['headers'], event['multiValueHeaders']),
    body: event['body'],
    isBase64Encoded: event['isBase64Encoded'],
    headerForm: 'both',
  };
}
