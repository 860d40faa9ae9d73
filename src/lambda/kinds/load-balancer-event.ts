import { type EventRequest, isObject, type JsonObject, readHeaders, readQuery } from './event-request.js';

/**
 * Reads an event of an Application Load Balancer. It does not decode the query. With multi-value headers it sends and
 * reads `multiValueHeaders` alone.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export function readLoadBalancerEvent(event: JsonObject): EventRequest | undefined {
  const { requestContext, multiValueHeaders } = event;
  if (!isObject(requestContext) || !isObject(requestContext['elb'])) return undefined;
  return {
    method: event['httpMethod'],
    path: event['path'],
    query: readQuery([event['queryStringParameters'], event['multiValueQueryStringParameters']], (text) => text),
    headers: readHeaders(event['headers'], multiValueHeaders),
    body: event['body'],
    isBase64Encoded: event['isBase64Encoded'],
    headerForm: isObject(multiValueHeaders) ? 'multi' : 'single',
  };
}
