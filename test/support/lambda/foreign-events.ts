const ACCOUNT = '123456789012';
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${resource}`;
const METHOD_ARN = arn('execute-api', '1234567890/v1/POST/chat');
const HEADERS = { 'content-type': 'application/json', id_token: '{{ID_TOKEN}}' };
const TURN = '{"prompt":"Plan a weekend in Lisbon"}';
const REST_CONTEXT = { resourcePath: '/chat', httpMethod: 'POST', stage: 'v1', apiId: '1234567890' };
const HTTP_CONTEXT = { http: { method: 'POST', path: '/chat' }, stage: '$default', routeKey: 'POST /chat' };
const webSocket = (eventType: string, fields: object) => ({
  requestContext: {
    routeKey: '$default',
    eventType,
    connectionId: 'JKJaXmPLvHcESHA=',
    stage: 'v1',
    apiId: '1234567890',
  },
  isBase64Encoded: false,
  ...fields,
});
const eventBridge = (source: string, type: string, detail: object = {}) => ({
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': type,
  source,
  account: ACCOUNT,
  time: '2026-03-12T19:03:58Z',
  region: 'us-east-1',
  resources: [],
  detail,
});
const records = (...list: object[]) => ({ Records: list });

/**
 * Events of AWS that are no requests, in their shapes, written by hand. Several of them hold a turn and a token, as if
 * they were one.
 */
export const FOREIGN_EVENTS: Readonly<Record<string, unknown>> = {
  'REST API authorizer of tokens': { type: 'TOKEN', authorizationToken: '{{ID_TOKEN}}', methodArn: METHOD_ARN },
  'REST API authorizer of requests': {
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    resource: '/chat',
    path: '/chat',
    httpMethod: 'POST',
    headers: HEADERS,
    body: TURN,
    requestContext: REST_CONTEXT,
  },
  'HTTP API authorizer 1.0': {
    version: '1.0',
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    identitySource: 'user1,123',
    path: '/chat',
    httpMethod: 'POST',
    headers: HEADERS,
    requestContext: REST_CONTEXT,
  },
  'HTTP API authorizer 2.0': {
    version: '2.0',
    type: 'REQUEST',
    routeArn: METHOD_ARN,
    identitySource: ['user1'],
    routeKey: 'POST /chat',
    rawPath: '/chat',
    rawQueryString: '',
    headers: HEADERS,
    requestContext: HTTP_CONTEXT,
  },
  'WebSocket connection': webSocket('CONNECT', { headers: HEADERS, multiValueHeaders: {} }),
  'WebSocket message': webSocket('MESSAGE', { headers: HEADERS, body: TURN }),
  'WebSocket end': webSocket('DISCONNECT', { headers: HEADERS }),
  schedule: eventBridge('aws.events', 'Scheduled Event'),
  EventBridge: eventBridge('com.example.shop', 'Order', { body: TURN, headers: HEADERS }),
  'CloudWatch alarm': { source: 'aws.cloudwatch', alarmArn: arn('cloudwatch', 'alarm:a'), alarmData: {} },
  SQS: records({
    messageId: '19dd0b57-b21e-4ac1-bd88-01bbb068cb78',
    receiptHandle: 'MessageReceiptHandle',
    body: TURN,
    attributes: {},
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: arn('sqs', 'queue'),
    awsRegion: 'us-east-1',
  }),
  SNS: records({ EventSource: 'aws:sns', EventVersion: '1.0', Sns: { Type: 'Notification', Message: TURN } }),
  S3: records({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'b' }, object: { key: 'k', size: 1 } },
  }),
  Kinesis: records({
    eventSource: 'aws:kinesis',
    eventID: 'shardId-0:1',
    kinesis: { data: 'e30=', partitionKey: '1' },
  }),
  'DynamoDB stream': records({
    eventSource: 'aws:dynamodb',
    eventName: 'INSERT',
    dynamodb: { Keys: { id: { S: '1' } } },
  }),
  SES: records({ eventSource: 'aws:ses', eventVersion: '1.0', ses: { mail: {}, receipt: {} } }),
  CloudFront: records({
    cf: {
      config: { distributionId: 'EXAMPLE', eventType: 'viewer-request' },
      request: { method: 'POST', uri: '/chat', querystring: '', headers: { host: [{ key: 'Host', value: 'x' }] } },
    },
  }),
  Firehose: {
    invocationId: 'i',
    deliveryStreamArn: arn('firehose', 'deliverystream/d'),
    region: 'us-east-1',
    records: [{ recordId: '1', data: 'e30=' }],
  },
  Kafka: {
    eventSource: 'aws:kafka',
    eventSourceArn: arn('kafka', 'cluster/c'),
    records: { 't-0': [{ value: 'e30=' }] },
  },
  'Amazon MQ': { eventSource: 'aws:rmq', eventSourceArn: arn('mq', 'broker:b'), rmqMessagesByQueue: {} },
  DocumentDB: { eventSource: 'aws:docdb', eventSourceArn: arn('rds', 'cluster:c'), events: [{ event: {} }] },
  'CloudWatch Logs': { awslogs: { data: 'H4sIAAAAAAAAAwMAAAAAAAAAAAA=' } },
  'Cognito trigger': {
    version: '1',
    triggerSource: 'TokenGeneration_HostedAuth',
    region: 'us-east-1',
    userPoolId: 'us-east-1_EXAMPLE',
    userName: 'demo',
    request: { userAttributes: {} },
    response: {},
  },
  'Step Functions task': { input: { prompt: 'Plan a weekend in Lisbon' }, headers: HEADERS, body: TURN },
  'Step Functions callback': { taskToken: 'AAAAKgAAAAIAAAAA', body: TURN },
  AppSync: {
    arguments: { prompt: 'x' },
    identity: null,
    source: null,
    request: { headers: HEADERS },
    info: {},
    prev: null,
  },
  'Bedrock action group': {
    messageVersion: '1.0',
    agent: { name: 'a', id: 'ABCDEFGHIJ', alias: 'T', version: 'DRAFT' },
    actionGroup: 'g',
    apiPath: '/chat',
    httpMethod: 'POST',
    inputText: 'x',
    parameters: [],
    requestBody: { content: {} },
  },
  'CloudFormation custom resource': {
    RequestType: 'Create',
    ResponseURL: 'https://example.com/',
    StackId: arn('cloudformation', 'stack/s/1'),
    RequestId: 'r',
    ResourceType: 'Custom::Chat',
    LogicalResourceId: 'l',
    ResourceProperties: { body: TURN },
  },
  CodePipeline: { 'CodePipeline.job': { id: '1', accountId: ACCOUNT, data: {} } },
  Config: { version: '1.0', invokingEvent: '{}', ruleParameters: '{}', resultToken: 't', configRuleName: 'c' },
  'S3 batch': { invocationSchemaVersion: '1.0', invocationId: 'i', job: { id: 'j' }, tasks: [{ s3Key: 'k' }] },
  'S3 Object Lambda': {
    xAmzRequestId: 'r',
    getObjectContext: { inputS3Url: 'https://example.com/', outputRoute: 'o', outputToken: 't' },
    userRequest: { url: 'https://example.com/chat', headers: HEADERS },
  },
  'Secrets Manager rotation': {
    Step: 'createSecret',
    SecretId: arn('secretsmanager', 'secret:s'),
    ClientRequestToken: 't',
  },
  Connect: { Name: 'ContactFlowEvent', Details: { ContactData: { Attributes: {} }, Parameters: {} } },
  Lex: {
    sessionId: 's',
    inputTranscript: 'x',
    bot: { name: 'b' },
    sessionState: { intent: {} },
    messageVersion: '1.0',
  },
  Alexa: { version: '1.0', session: { new: true }, context: {}, request: { type: 'LaunchRequest' } },
  'IoT rule': { temperature: 22.5, topic: 'a/b' },
  'warmer of serverless-plugin-warmup': { source: 'serverless-plugin-warmup' },
  'warmer of a schedule': { warmer: true, concurrency: 3 },
  'a turn without its envelope': { prompt: 'Plan a weekend in Lisbon', id_token: '{{ID_TOKEN}}' },
  'a list of turns': [{ body: TURN, headers: HEADERS }],
  null: null,
  'a text': TURN,
  'a number': 7,
  'a truth value': true,
  'an empty list': [],
};
