import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { NestExpressApplication } from '@nestjs/platform-express';
import supertest from 'supertest';
import { createApp } from '../../src/app.js';
import { TableSettings } from '../../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { type Environment, loadEnvironment } from '../../src/config/environment.js';
import { ReadinessTimes } from '../../src/health/readiness-times.js';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import {
  type BedrockAgentEmulator,
  type BedrockAgentEmulatorOptions,
  startBedrockAgentEmulator,
} from '../../src/local/emulator/bedrock-agent/server.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { LONGER_TIMEOUT, useTimeouts } from './client-timeouts.js';
import { expectDescribedResponses } from './openapi/response-listener.js';
import { silence } from './silence.js';
import { SECRET, tokenOf } from './tokens.js';

/** A running service with the parts it talks to, all on loopback and in memory. */
export interface ChatApp<Agent extends AgentEmulator = BedrockAgentEmulator> {
  readonly url: string;
  readonly environment: Environment;
  readonly agent: Agent;
  readonly dynamoDb: EmbeddedDynamoDb;
  readonly table: DynamoDBDocumentClient;
  readonly nest: NestExpressApplication;
  /** Sends a turn as `user`. */
  chat(body: object, user?: string, headers?: Record<string, string>): supertest.Test;
  /** Reads a chat back as `user`. */
  read(chatId: string, user?: string): supertest.Test;
  /** Reads a page of a chat's messages as `user`. */
  messages(chatId: string, query?: string | Record<string, string>, user?: string): supertest.Test;
  /** Lists a page of the chats of `user`. */
  list(query?: string | Record<string, string>, user?: string): supertest.Test;
  /** Renames a chat as `user`. */
  rename(chatId: string, body: object, user?: string): supertest.Test;
  /** Deletes a chat as `user`. */
  remove(chatId: string, user?: string): supertest.Test;
  /** Deletes all chats of `user`. */
  removeAll(user?: string): supertest.Test;
  close(): Promise<void>;
}

/** An agent of the service. */
interface ConfiguredAgent<Agent extends AgentEmulator> {
  /** The variables that choose it. */
  readonly variables: Readonly<Record<string, string>>;
  /** The variable for the endpoint of its emulator. */
  readonly endpointVariable: string;
  readonly emulator: Agent;
}

export interface ChatAppOptions {
  readonly agent?: BedrockAgentEmulatorOptions;
  /** Keeps the timeouts of the table's client. By default they are longer, so that a busy machine fails no test. */
  readonly keepsTimeouts?: boolean;
}

/** Starts the service with an emulated Bedrock agent. `variables` override those of the test's configuration. */
export async function startChatApp(
  variables: Record<string, string> = {},
  { agent: agentOptions = {}, keepsTimeouts = false }: ChatAppOptions = {},
): Promise<ChatApp> {
  const agent = {
    variables: { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' },
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME',
    emulator: await startBedrockAgentEmulator(agentOptions),
  };
  return startChatAppWith(agent, variables, keepsTimeouts);
}

/** Starts the service over HTTP on a free port. `variables` override those of the test's configuration. */
export async function startChatAppWith<Agent extends AgentEmulator>(
  { emulator: agent, endpointVariable, variables: agentVariables }: ConfiguredAgent<Agent>,
  variables: Record<string, string> = {},
  keepsTimeouts = false,
): Promise<ChatApp<Agent>> {
  const dynamoDb = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment({
    ...agentVariables,
    [endpointVariable]: agent.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: silence.isHeard ? 'verbose' : 'fatal',
    TURNS_PER_MINUTE: '0',
    TURNS_AT_ONCE: '0',
    ...variables,
  });
  const client = createDynamoDbClient(new TableSettings(environment), LONGER_TIMEOUT);
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  const nest = await createApp(environment);
  if (!keepsTimeouts) {
    useTimeouts(nest.get(DynamoDBClient));
    Object.assign(nest.get(ReadinessTimes, { strict: false }), { limit: LONGER_TIMEOUT });
    Object.assign(nest.get(TurnTimes, { strict: false }), { begin: LONGER_TIMEOUT });
  }
  await nest.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(nest.getHttpServer().address() as AddressInfo).port}`;
  const endExpectation = expectDescribedResponses(url, environment.BASE_PATH);
  return {
    url,
    environment,
    agent,
    dynamoDb,
    table: createDocumentClient(client),
    nest,
    chat: (body, user = 'alice', headers = {}) =>
      supertest(url).post('/chat').set('id_token', tokenOf(user)).set(headers).send(body),
    read: (chatId, user = 'alice') => supertest(url).get(`/chats/${chatId}`).set('id_token', tokenOf(user)),
    messages: (chatId, query = {}, user = 'alice') =>
      supertest(url).get(`/chats/${chatId}/messages`).query(query).set('id_token', tokenOf(user)),
    list: (query = {}, user = 'alice') => supertest(url).get('/chats').query(query).set('id_token', tokenOf(user)),
    rename: (chatId, body, user = 'alice') =>
      supertest(url).patch(`/chats/${chatId}`).set('id_token', tokenOf(user)).send(body),
    remove: (chatId, user = 'alice') => supertest(url).delete(`/chats/${chatId}`).set('id_token', tokenOf(user)),
    removeAll: (user = 'alice') => supertest(url).delete('/chats').set('id_token', tokenOf(user)),
    close: async () => {
      await nest.close();
      endExpectation();
      client.destroy();
      await agent.close();
      await dynamoDb.close();
    },
  };
}
