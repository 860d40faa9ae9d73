import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { BedrockAgentRuntimeClient, InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';

interface HttpResult {
  readonly status: number;
  readonly json: object;
}

interface OpenTurn {
  readonly lease: string;
  readonly until: number;
  readonly prompt: string;
  readonly at: string;
}

/**
 * `POST /chat` without a framework, as a reference for measurements: the same clients and calls as a first turn.
 * It checks the token by hand, and leaves out the rest of the contract.
 */
export async function handler({ headers, body }: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const { status, json } = await runTurn(headers['id_token'], JSON.parse(body ?? '{}') as { prompt?: unknown });
  return { statusCode: status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
}

/** Runs the turn of a parsed request. */
export async function runTurn(token: string | undefined, body: { prompt?: unknown }): Promise<HttpResult> {
  const user = userOf(token ?? '');
  if (!user) return { status: 401, json: { error: 'Invalid id_token' } };
  const { prompt } = body;
  if (typeof prompt !== 'string' || !prompt.trim())
    return { status: 400, json: { error: "Field 'prompt' is required" } };

  const [chatId, lease, at] = [randomUUID(), randomUUID(), new Date().toISOString()];
  await begin(user, chatId, { lease, until: Date.now() + 40_000, prompt, at });
  const response = await ask(prompt, `${lease}-session`);
  const now = new Date().toISOString();
  const turn = { prompt, answer: response, status: 'done', lease, at, done_at: now };
  await table.send(
    new PutCommand({
      TableName: TABLE,
      Item: { id: chatId, user_id: `${user}#T#000000000001`, ...turn },
      ConditionExpression: 'attribute_not_exists(id) OR lease = :lease',
      ExpressionAttributeValues: { ':lease': lease },
    }),
  );
  await release(user, chatId, lease, now);
  const messages = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: response },
  ];
  const chat = { id: chatId, user_id: user, title: prompt.slice(0, 60), created_at: at, updated_at: now, messages };
  return { status: 200, json: { response, chat } };
}

const { AWS_REGION = 'us-east-1', DYNAMODB_TABLE: TABLE = 'test-chat', JWT_SECRET_KEY = '' } = process.env;
const { AGENT_ID, AGENT_ALIAS_ID } = process.env;

const table = DynamoDBDocumentClient.from(
  new DynamoDBClient({ region: AWS_REGION, requestHandler: new NodeHttpHandler({ requestTimeout: 2_000 }) }),
);
const agent = new BedrockAgentRuntimeClient({
  region: AWS_REGION,
  requestHandler: new NodeHttpHandler({ socketTimeout: 120_000 }),
});

function userOf(token: string): string | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (!signature) return undefined;
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString() || '{}') as { alg?: unknown };
  const expected = createHmac('sha256', JWT_SECRET_KEY).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (alg !== 'HS256' || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const { exp, sub, email, username } = claims;
  if (typeof exp !== 'number' || exp * 1000 <= Date.now() || !email || !username) return undefined;
  return typeof sub === 'string' ? sub : undefined;
}

async function begin(user: string, chatId: string, open: OpenTurn): Promise<void> {
  await table.send(
    new UpdateCommand({
      TableName: TABLE,
      Key: { id: chatId, user_id: user },
      ConditionExpression: 'attribute_not_exists(id)',
      UpdateExpression: 'SET turns = :one, #open = :open, #title = :title, created_at = :at, updated_at = :at',
      ExpressionAttributeNames: { '#open': 'open', '#title': 'title' },
      ExpressionAttributeValues: { ':one': 1, ':open': open, ':title': open.prompt.slice(0, 60), ':at': open.at },
      ReturnValues: 'ALL_NEW',
    }),
  );
}

async function ask(inputText: string, sessionId: string): Promise<string> {
  const streamingConfigurations = { streamFinalResponse: true };
  const { completion } = await agent.send(
    new InvokeAgentCommand({
      agentId: AGENT_ID,
      agentAliasId: AGENT_ALIAS_ID,
      sessionId,
      inputText,
      streamingConfigurations,
    }),
  );
  const decoder = new TextDecoder();
  let text = '';
  for await (const { chunk } of completion ?? []) text += decoder.decode(chunk?.bytes, { stream: true });
  return text + decoder.decode();
}

async function release(user: string, chatId: string, lease: string, now: string): Promise<void> {
  await table.send(
    new UpdateCommand({
      TableName: TABLE,
      Key: { id: chatId, user_id: user },
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'SET updated_at = :now REMOVE #open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':lease': lease, ':now': now },
    }),
  );
}
