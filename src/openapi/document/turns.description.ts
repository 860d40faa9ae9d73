import { ApiBody, ApiHeader } from '@nestjs/swagger';
import type { ChatController } from '../../chat/api/chat.controller.js';
import { IDEMPOTENCY_KEY } from '../../chat/api/dto/idempotency-key.decorator.js';
import { json, type Operations } from './describe.js';
import { BAD_BODY, BAD_STREAM_BODY, BAD_TURN, BAD_UI_TURN, FAILED_TURN, NO_STORAGE, REFUSED_TURN } from './failures.js';
import { schemaRef } from './schema.js';
import { EVENT_STREAM, STREAM_EXAMPLE } from './stream-schemas.js';

const HEADERS = [
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A repetition with the same key gets the stored reply, and the agent is not asked again.',
    schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  }),
  ApiHeader({
    name: 'supersede',
    required: false,
    description:
      'Stops a running turn of the chat for this one. Without it, only a stream that all its readers have left is stopped.',
    schema: { type: 'string', enum: ['true'] },
  }),
];
/** Once the turn has begun, every response names it, errors too. */
const OF_TURN = ['chat-id', 'turn-id'];
const FAILURES = [...REFUSED_TURN, ...FAILED_TURN, ...NO_STORAGE];

export const TURN_OPERATIONS: Operations<ChatController> = {
  reply: {
    id: 'createReply',
    summary: 'Run a turn and return the reply and the chat',
    description: 'Once the turn has begun, its prompt is in the history, whatever the response is.',
    request: [ApiBody({ schema: schemaRef('ChatRequest'), required: true }), ...HEADERS],
    response: json('The reply, and the chat with its newest messages', 'ReplyResponse', [
      ...OF_TURN,
      'idempotency-replayed',
    ]),
    failures: [...BAD_TURN, ...BAD_BODY, ...FAILURES],
    failureHeaders: OF_TURN,
  },
  stream: {
    id: 'streamReply',
    summary: 'Run a turn and stream the reply',
    description:
      'The stream opens with the first text of the agent, or after 10 s. Before that, an error has its status. ' +
      'After it, an error is the part `error`, and the status stays 200. The body is our own, or that of the AI SDK. ' +
      'A body with `prompt` is our own.',
    request: [
      ApiBody({ schema: { oneOf: [schemaRef('ChatRequest'), schemaRef('UiChatRequest')] }, required: true }),
      ...HEADERS,
    ],
    response: {
      status: 200,
      description: 'The reply as a UI message stream of the AI SDK',
      headers: [...OF_TURN, 'idempotency-replayed', 'x-vercel-ai-ui-message-stream', 'x-accel-buffering'],
      content: { 'text/event-stream': { schema: EVENT_STREAM, example: STREAM_EXAMPLE } },
    },
    failures: [...BAD_TURN, ...BAD_UI_TURN, ...BAD_STREAM_BODY, ...FAILURES],
    failureHeaders: OF_TURN,
  },
};
