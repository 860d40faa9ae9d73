import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { BedrockAgentRuntimeClient, InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import jwt from 'jsonwebtoken';
import { toTitle } from '../../src/chat/model/title.js';
import { toAgentClientConfig } from '../../src/chat/agent/aws/agent-connections.js';
import { AgentSettings } from '../../src/config/agent-settings.js';
import type { Environment } from '../../src/config/environment.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { CHAT_LIST_INDEX } from '../../src/dynamodb/table-schema.js';

interface Turn {
  readonly prompt: string;
  readonly reply: string;
}

interface Body {
  readonly prompt?: unknown;
  readonly chat_id?: string;
  readonly title?: string;
}

/**
 * The same routes on plain Express, as a reference for measurements: the same SDK clients, and an item for each turn.
 * It has no leases, no recovery and no limits, and it checks little. A crash or two requests at once lose turns.
 */
export function createExpressServer(environment: Environment): Server {
  const store = createStore(environment);
  const ask = createAgent(environment);
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use((request, response, next) => {
    try {
      const claims = jwt.verify(request.get('id_token') ?? '', environment.JWT_SECRET_KEY ?? '') as jwt.JwtPayload;
      response.locals['user'] = claims.sub;
      next();
    } catch {
      response.status(401).json({ error: 'Invalid id_token' });
    }
  });
  app.use(express.json({ limit: 256 * 1024 }));
  app.param('id', (_, response, next, id: string) => {
    const find = async () => {
      response.locals['head'] = await store.findHead(userOf(response), id);
      if (response.locals['head']) next();
      else sendError(response, 404, 'Chat not found');
    };
    find().catch(next);
  });

  app.post(
    ['/chat', '/chat/stream'],
    wrap(async (request, response) => {
      const { prompt, chat_id: chatId } = (request.body ?? {}) as Body;
      if (typeof prompt !== 'string' || !prompt.trim()) return sendError(response, 400, "Field 'prompt' is required");
      const user = userOf(response);
      const key = request.get('idempotency-key');
      const stored = key === undefined ? undefined : await store.findKey(user, key);
      if (stored && stored['prompt'] !== prompt) return sendError(response, 422, 'Another request');
      const id = chatId ?? (stored?.['chat'] as string | undefined) ?? randomUUID();
      const head = await store.findHead(user, id);
      if (chatId !== undefined && !head) return sendError(response, 404, 'Chat not found');
      response.set('chat-id', id);
      if (stored) response.set('idempotency-replayed', 'true');
      const now = new Date().toISOString();
      const chat = head ?? { id, user_id: user, title: toTitle(prompt), created_at: now, updated_at: now };
      const onText = request.path === '/chat' ? () => undefined : startStream(response, chat);
      const reply = (stored?.['reply'] as string | undefined) ?? (await ask(prompt, id, onText));
      if (!stored) await store.append(chat, { prompt, reply });
      if (!stored && key !== undefined) await store.saveKey(user, key, { prompt, reply, chat: id });
      if (request.path !== '/chat') return endStream(response, chat);
      response.json({ response: reply, chat: { ...chat, messages: toMessages(await store.listTurns(chat)) } });
    }),
  );

  app.get(
    '/chats',
    wrap(async (request, response) => {
      response.json(await store.listHeads(userOf(response), request.query));
    }),
  );
  app.get(
    '/chats/:id',
    wrap(async (_, response) => {
      const head = response.locals['head'] as Head;
      response.json({ chat: { ...head, messages: toMessages(await store.listTurns(head)) } });
    }),
  );
  app.get(
    '/chats/:id/messages',
    wrap(async (request, response) => {
      const before = Number(request.query['cursor'] ?? Number.MAX_SAFE_INTEGER);
      const turns = await store.listTurns(response.locals['head'] as Head);
      const end = Math.min(before, turns.length);
      const start = Math.max(0, end - Math.max(1, Math.floor(Number(request.query['limit'] ?? 100) / 2)));
      const older = start > 0 ? { next_cursor: String(start) } : {};
      response.json({ messages: toMessages(turns).slice(start * 2, end * 2), ...older });
    }),
  );
  app.patch(
    '/chats/:id',
    wrap(async (request, response) => {
      const head = { ...(response.locals['head'] as Head), title: (request.body as Body).title ?? '' };
      await store.rename(head);
      response.json({ chat: head });
    }),
  );
  app.delete(
    '/chats/:id',
    wrap(async (_, response) => {
      await store.delete(response.locals['head'] as Head);
      response.status(204).end();
    }),
  );
  const onError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
    if (!response.headersSent) sendError(response, error.status ?? 500, 'It failed');
  };
  app.use(onError);
  return createServer(app);
}

interface Head {
  readonly id: string;
  readonly user_id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
}

function createStore(environment: Environment) {
  const settings = new TableSettings(environment);
  const table = createDocumentClient(createDynamoDbClient(settings));
  const TableName = environment.DYNAMODB_TABLE;
  const turnPrefix = ({ user_id: user }: Head) => `${user}#T#`;
  const listTurnItems = async ({ id, ...head }: Head) => {
    const { Items = [] } = await table.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'id = :id AND begins_with(user_id, :prefix)',
        ExpressionAttributeValues: { ':id': id, ':prefix': turnPrefix({ id, ...head }) },
      }),
    );
    return Items;
  };
  return {
    findHead: async (user: string, id: string) =>
      (await table.send(new GetCommand({ TableName, Key: { id, user_id: user } }))).Item as Head | undefined,
    findKey: async (user: string, key: string) =>
      (await table.send(new GetCommand({ TableName, Key: { id: `${user}#K`, user_id: `#${key}` } }))).Item,
    saveKey: (user: string, key: string, stored: object) =>
      table.send(new PutCommand({ TableName, Item: { id: `${user}#K`, user_id: `#${key}`, ...stored } })),
    append: async (head: Head, turn: Turn) => {
      const sortKey = `${turnPrefix(head)}${Date.now()}-${randomUUID()}`;
      await table.send(new PutCommand({ TableName, Item: { id: head.id, user_id: sortKey, ...turn } }));
      await table.send(new PutCommand({ TableName, Item: { ...head, updated_at: new Date().toISOString() } }));
    },
    listTurns: async (head: Head) => (await listTurnItems(head)) as unknown as Turn[],
    listHeads: async (user: string, { limit = 20, cursor }: { limit?: unknown; cursor?: unknown }) => {
      const { Items, LastEvaluatedKey } = await table.send(
        new QueryCommand({
          TableName,
          IndexName: CHAT_LIST_INDEX,
          KeyConditionExpression: 'user_id = :user',
          ExpressionAttributeValues: { ':user': user },
          ScanIndexForward: false,
          Limit: Number(limit),
          ...(typeof cursor === 'string' && { ExclusiveStartKey: JSON.parse(cursor) as Record<string, string> }),
        }),
      );
      return { chats: Items, ...(LastEvaluatedKey && { next_cursor: JSON.stringify(LastEvaluatedKey) }) };
    },
    rename: ({ id, user_id, title }: Head) =>
      table.send(
        new UpdateCommand({
          TableName,
          Key: { id, user_id },
          UpdateExpression: 'SET title = :title',
          ExpressionAttributeValues: { ':title': title },
        }),
      ),
    delete: async (head: Head) => {
      for (const { id, user_id } of [head, ...(await listTurnItems(head))] as Head[])
        await table.send(new DeleteCommand({ TableName, Key: { id, user_id } }));
    },
  };
}

function createAgent(environment: Environment) {
  const { region, target } = new AgentSettings(environment);
  const client = new BedrockAgentRuntimeClient(toAgentClientConfig({ region, endpoint: target.endpoint }));
  return async (prompt: string, sessionId: string, onText: (text: string) => void) => {
    const streamingConfigurations = { streamFinalResponse: true };
    const { completion = [] } = await client.send(
      new InvokeAgentCommand({
        agentId: 'A',
        agentAliasId: 'A',
        sessionId,
        inputText: prompt,
        streamingConfigurations,
      }),
    );
    const decoder = new TextDecoder();
    let reply = '';
    for await (const { chunk } of completion) {
      const text = decoder.decode(chunk?.bytes, { stream: true });
      reply += text;
      onText(text);
    }
    return reply;
  };
}

function startStream(response: Response, chat: Head): (text: string) => void {
  response.set({ 'content-type': 'text/event-stream', 'x-vercel-ai-ui-message-stream': 'v1' });
  writeEvent(response, { type: 'start', messageMetadata: { chat } });
  writeEvent(response, { type: 'text-start', id: 'answer' });
  return (delta) => writeEvent(response, { type: 'text-delta', id: 'answer', delta });
}

function endStream(response: Response, chat: Head): void {
  writeEvent(response, { type: 'text-end', id: 'answer' });
  writeEvent(response, { type: 'finish', finishReason: 'stop', messageMetadata: { chat } });
  response.end('data: [DONE]\n\n');
}

function writeEvent(response: Response, event: object): void {
  response.write(`data: ${JSON.stringify(event)}\n\n`);
}

function toMessages(turns: readonly Turn[]): { role: string; content: string }[] {
  return turns.flatMap(({ prompt, reply }) => [
    { role: 'user', content: prompt },
    { role: 'assistant', content: reply },
  ]);
}

/** Passes an error on, as Express wants it. */
function wrap(handle: (request: Request, response: Response) => Promise<void>): RequestHandler {
  return (request, response, next) => void handle(request, response).catch(next);
}

function userOf(response: Response): string {
  return String(response.locals['user']);
}

function sendError(response: Response, status: number, error: string): void {
  response.status(status).json({ error });
}
