import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ChatHistoryController } from '../../chat/api/chat-history.controller.js';
import { RunningTurnController } from '../../chat/api/running-turn.controller.js';
import { ChatListController } from '../../chat/api/chat-list.controller.js';
import { ChatController } from '../../chat/api/chat.controller.js';
import { HealthController } from '../../health/health.controller.js';
import { CHAT_SCHEMAS } from './chat-schemas.js';
import { HISTORY_OPERATIONS, LIST_OPERATIONS } from './chats.description.js';
import { BEARER_TOKEN, describeController, TOKEN_HEADER } from './describe.js';
import { ERROR_SCHEMAS } from './error-responses.js';
import { HEADERS, REQUEST_ID } from './headers.js';
import { HEALTH_OPERATIONS, HEALTH_SCHEMAS } from './health.description.js';
import { STREAM_SCHEMAS } from './stream-schemas.js';
import { RUNNING_TURN_OPERATIONS } from './running-turns.description.js';
import { TURN_OPERATIONS } from './turns.description.js';

describeController(ChatController, 'Turns', TURN_OPERATIONS);
describeController(RunningTurnController, 'Turns', RUNNING_TURN_OPERATIONS);
describeController(ChatHistoryController, 'Chats', HISTORY_OPERATIONS);
describeController(ChatListController, 'Chats', LIST_OPERATIONS);
describeController(HealthController, 'Service', HEALTH_OPERATIONS);

const TOKEN = 'A JWT. The scheme Bearer may be left out. If it is sent in both headers, it must be the same token.';
const DESCRIPTION = `A chat backend for agents and models of Amazon Bedrock.

Bodies are JSON in UTF-8, times are ISO 8601 UTC. Fields may be added to responses at any time.

The checks come in this order: route, token, body, quota, chat. The first one that fails is the response. An unknown route
is 404 \`{"error":"Not found"}\`. On Lambda, API Gateway responds itself to what it cannot pass on, in the same form.`;

/**
 * Builds the OpenAPI document of an app: routes and parameters as Nest knows them, everything else from the descriptions
 * in this folder.
 *
 * @param version - of the product.
 * @throws Error if a route has no description.
 */
export function buildDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('aws-lambda-chat')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('.', 'Beside this document')
    .addTag('Turns', 'Ask the agent')
    .addTag('Chats', 'List, read, rename and delete what was said')
    .addTag('Service', 'Probes, without a token')
    .addApiKey({ type: 'apiKey', in: 'header', name: TOKEN_HEADER, description: TOKEN }, TOKEN_HEADER)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: TOKEN }, BEARER_TOKEN)
    .addGlobalParameters(REQUEST_ID)
    .build();
  const schemas = { ...CHAT_SCHEMAS, ...STREAM_SCHEMAS, ...ERROR_SCHEMAS, ...HEALTH_SCHEMAS };
  const components = { ...config.components, schemas, headers: HEADERS };
  const document = SwaggerModule.createDocument(app, { ...config, components }, { autoTagControllers: false });
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.values(item).map((operation: { summary?: string }) => ({ path, ...operation })),
  );
  const unknown = operations.filter(({ summary }) => summary === undefined).map(({ path }) => path);
  if (unknown.length > 0) throw new Error(`Routes without a description: ${unknown.join(', ')}`);
  return document;
}
