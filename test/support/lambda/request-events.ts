import type { HeaderForm } from '../../../src/lambda/kinds/event-request.js';

/** An event that stands for a request, how its sender reads headers, and the status and error of the response. */
export interface RequestEvent {
  readonly event: object;
  readonly form: HeaderForm;
  readonly status: number;
  readonly error?: string;
}

const TOKEN = '{{ID_TOKEN}}';
const HEADERS = { 'content-type': 'application/json', id_token: TOKEN, host: 'chat.example.com' };
const MULTI = { 'Content-Type': ['application/json'], Id_Token: [TOKEN], Host: ['chat.example.com'] };
const TURN = '{"prompt":"Plan a weekend in Lisbon"}';

const rest = (fields: object, context: object = {}) => ({
  resource: '/chat',
  path: '/chat',
  httpMethod: 'POST',
  headers: HEADERS,
  multiValueHeaders: MULTI,
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: null,
  stageVariables: null,
  requestContext: { resourcePath: '/chat', httpMethod: 'POST', stage: 'v1', apiId: '1234567890', ...context },
  body: TURN,
  isBase64Encoded: false,
  ...fields,
});
const http = (fields: object, context: { http?: object; [name: string]: unknown } = {}) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: '/chat',
  rawQueryString: '',
  headers: HEADERS,
  body: TURN,
  isBase64Encoded: false,
  ...fields,
  requestContext: {
    routeKey: '$default',
    stage: '$default',
    ...context,
    http: { method: 'POST', path: '/chat', protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', ...context.http },
  },
});
const elb = { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/chat/1' } };
const alb = (fields: object) => ({
  requestContext: elb,
  httpMethod: 'POST',
  path: '/chat',
  queryStringParameters: {},
  headers: HEADERS,
  body: TURN,
  isBase64Encoded: false,
  ...fields,
});
const albMulti = (fields: object) => ({
  requestContext: elb,
  httpMethod: 'POST',
  path: '/chat',
  multiValueQueryStringParameters: {},
  multiValueHeaders: MULTI,
  body: TURN,
  isBase64Encoded: false,
  ...fields,
});
const lattice = (fields: object) => ({
  version: '2.0',
  path: '/chat',
  method: 'POST',
  headers: { 'content-type': ['application/json'], id_token: [TOKEN] },
  body: TURN,
  isBase64Encoded: false,
  requestContext: { serviceArn: 'arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-1', targetGroupArn: 'tg-1' },
  ...fields,
});
const GET = { httpMethod: 'GET', body: null };
const NO_CHAT = 'Chat not found';
const NO_ROUTE = 'Not found';
const NO_HTTP = 'Request is not valid HTTP';
const TWO_KEYS = `Header 'Idempotency-Key' is invalid`;

/** Events of requests in the shapes of AWS, written by hand. They need a token in place of `{{ID_TOKEN}}`. */
export const REQUEST_EVENTS: Readonly<Record<string, RequestEvent>> = {
  'REST API': { event: rest({}), form: 'both', status: 200 },
  'REST API with a Cognito authorizer': {
    event: rest({}, { authorizer: { claims: { sub: 'other', email: 'o@x' } } }),
    form: 'both',
    status: 200,
  },
  'REST API by the test button of the console': {
    event: rest({ headers: null, multiValueHeaders: null }, { stage: 'test-invoke-stage' }),
    form: 'both',
    status: 415,
    error: 'Content-Type must be application/json',
  },
  'REST API behind a base path mapping': { event: rest({ path: '/prod-base/chat' }), form: 'both', status: 200 },
  'REST API behind a base path that is a segment of ours': {
    event: rest({ path: '/chat/chat' }),
    form: 'both',
    status: 200,
  },
  'REST API with its routes below a resource': {
    event: rest({ resource: '/api/chat', path: '/api/chat' }),
    form: 'both',
    status: 200,
  },
  'REST API with a greedy resource behind CloudFront': {
    event: rest({ resource: '/{proxy+}', path: '/api/v2/chat', pathParameters: { proxy: 'api/v2/chat' } }),
    form: 'both',
    status: 200,
  },
  'REST API with two idempotency keys': {
    event: rest({ multiValueHeaders: { ...MULTI, 'Idempotency-Key': ['a', 'b'] } }),
    form: 'both',
    status: 400,
    error: TWO_KEYS,
  },
  'REST API without a path': {
    event: rest({ ...GET, path: undefined, resource: undefined }),
    form: 'both',
    status: 404,
    error: NO_ROUTE,
  },
  'REST API with a method that is no text': {
    event: rest({ httpMethod: 5 }),
    form: 'both',
    status: 400,
    error: NO_HTTP,
  },
  'REST API with a path that is no text': {
    event: rest({ path: ['/chat'] }),
    form: 'both',
    status: 400,
    error: NO_HTTP,
  },
  'REST API with a resource that is no text': { event: rest({ resource: { a: 1 } }), form: 'both', status: 200 },
  'REST API with two hosts': {
    event: rest({ multiValueHeaders: { ...MULTI, Host: ['a', 'b'] } }),
    form: 'both',
    status: 400,
    error: NO_HTTP,
  },
  'HTTP API': { event: http({ routeKey: 'POST /chat' }), form: 'single', status: 200 },
  'HTTP API with $default behind a base path mapping': {
    event: http({ rawPath: '/prod-base/chat' }, { http: { path: '/prod-base/chat' } }),
    form: 'single',
    status: 200,
  },
  'HTTP API with a stage and a base path': {
    event: http({ rawPath: '/v1/base/of/two/chat' }, { stage: 'v1' }),
    form: 'single',
    status: 200,
  },
  'HTTP API with a JWT authorizer': {
    event: http(
      { routeKey: 'ANY /{proxy+}', pathParameters: { proxy: 'chat' } },
      { authorizer: { jwt: { claims: {} } } },
    ),
    form: 'single',
    status: 200,
  },
  'HTTP API with the payload format 1.0': {
    event: rest({ version: '1.0', path: '/v1/chat' }),
    form: 'both',
    status: 200,
  },
  'HTTP API with a route key that is no text': { event: http({ routeKey: 7 }), form: 'single', status: 200 },
  'Function URL': { event: http({}, { domainName: 'a.lambda-url.us-east-1.on.aws' }), form: 'single', status: 200 },
  'Function URL with an empty path': {
    event: http({ rawPath: '', body: undefined }, { http: { method: 'GET', path: '' } }),
    form: 'single',
    status: 404,
    error: NO_ROUTE,
  },
  'Function URL with a method that is no text': {
    event: http({}, { http: { method: null } }),
    form: 'single',
    status: 400,
    error: NO_HTTP,
  },
  'Function URL with CONNECT': {
    event: http({}, { http: { method: 'CONNECT' } }),
    form: 'single',
    status: 400,
    error: NO_HTTP,
  },
  'Function URL with a line break in its query': {
    event: http({ rawQueryString: 'a=b\r\nc d' }),
    form: 'single',
    status: 200,
  },
  'Application Load Balancer': { event: alb({}), form: 'single', status: 200 },
  'Application Load Balancer behind a path rule': { event: alb({ path: '/api/chat' }), form: 'single', status: 200 },
  'Application Load Balancer with multi-value headers': { event: albMulti({}), form: 'multi', status: 200 },
  'health check of an Application Load Balancer': {
    event: alb({ httpMethod: 'GET', path: '/', headers: { 'user-agent': 'ELB-HealthChecker/2.0' }, body: '' }),
    form: 'single',
    status: 404,
    error: NO_ROUTE,
  },
  'Application Load Balancer with two idempotency keys': {
    event: albMulti({ multiValueHeaders: { ...MULTI, 'idempotency-key': ['a', 'b'] } }),
    form: 'multi',
    status: 400,
    error: TWO_KEYS,
  },
  'Application Load Balancer without a method': {
    event: albMulti({ httpMethod: undefined }),
    form: 'multi',
    status: 400,
    error: NO_HTTP,
  },
  'VPC Lattice version 1': {
    event: {
      raw_path: '/chat',
      method: 'POST',
      headers: HEADERS,
      body: Buffer.from(TURN).toString('base64'),
      is_base64_encoded: true,
    },
    form: 'single',
    status: 200,
  },
  'VPC Lattice version 2': { event: lattice({}), form: 'single', status: 200 },
  'VPC Lattice version 2 with a query in its path': {
    event: lattice({ method: 'GET', path: '/svc/chats/unknown/messages?limit=1', body: undefined }),
    form: 'single',
    status: 404,
    error: NO_CHAT,
  },
  'bare event': { event: { body: TURN, headers: HEADERS }, form: 'single', status: 200 },
  'bare event with the JSON itself': {
    event: { body: { prompt: 'Plan a weekend in Lisbon' }, headers: { ID_TOKEN: TOKEN } },
    form: 'single',
    status: 200,
  },
  'bare event with a line break behind its token': {
    event: { body: TURN, headers: { id_token: `${TOKEN}\n` } },
    form: 'single',
    status: 200,
  },
  'bare event with a line break inside its token': {
    event: { body: TURN, headers: { id_token: `${TOKEN}\r\nx: ${TOKEN}` } },
    form: 'single',
    status: 401,
    error: 'Invalid id_token: token is malformed',
  },
  'bare event with header names that are no names': {
    event: { body: TURN, headers: { ...HEADERS, '': 'x', 'a b': 'x', é: 'x', 'x\n': 'x', ['__proto__']: 'x' } },
    form: 'single',
    status: 200,
  },
  'bare event with 70 KB of headers': {
    event: { body: TURN, headers: { ...HEADERS, 'x-long': 'x'.repeat(70_000) } },
    form: 'single',
    status: 431,
    error: 'Request headers are too large',
  },
};
