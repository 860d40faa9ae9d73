import { encodeText, type EventRequest, isObject, type JsonObject, readHeaders, readQuery } from './event-request.js';

/**
 * Reads an event of VPC Lattice, of either version. Version 1 has names with underscores and no context.
 * https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
 */
export function readLatticeEvent(event: JsonObject): EventRequest | undefined {
  const { raw_path: rawPath, requestContext, method } = event;
  if (method === undefined || (rawPath === undefined && !isOfLattice(requestContext))) return undefined;
  const target = rawPath ?? event['path'];
  // Not documented: whether the path has the query too.
  const [path, query] = typeof target === 'string' ? target.split(/\?(.*)/s) : [target, undefined];
  const parameters = [event['query_string_parameters'], event['queryStringParameters']];
  return {
    method,
    path,
    query: query ?? readQuery(parameters, encodeText),
    headers: readHeaders(event['headers']),
    body: event['body'],
    isBase64Encoded: event['is_base64_encoded'] ?? event['isBase64Encoded'],
    headerForm: 'single',
  };
}

function isOfLattice(context: unknown): boolean {
  return isObject(context) && ('serviceNetworkArn' in context || 'targetGroupArn' in context);
}
