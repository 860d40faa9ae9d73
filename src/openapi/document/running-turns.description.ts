import { ApiParam, ApiQuery } from '@nestjs/swagger';
import type { RunningTurnController } from '../../chat/api/running-turn.controller.js';
import { chatId } from './chat-schemas.js';
import type { Operations } from './describe.js';
import { listStreamErrors } from './error-responses.js';
import { BAD_PATH, BAD_TURN_ID, FAILED_RESUME, NO_CHAT, NO_STORAGE } from './failures.js';
import { EVENT_STREAM, STREAM_EXAMPLE } from './stream-schemas.js';

const ID = ApiParam({ name: 'id', description: 'The id of the chat', schema: chatId });

const TURN_ID = ApiQuery({
  name: 'turn_id',
  required: false,
  description: 'The turn to stop: the id of one of its messages, such as the header `turn-id`. Without it, any turn',
  schema: { type: 'string' },
});

export const RUNNING_TURN_OPERATIONS: Operations<RunningTurnController> = {
  resume: {
    id: 'resumeReply',
    summary: 'Stream the reply of the running turn from its start',
    description:
      'Any number of readers may stream one turn. In the process that runs the turn, the reply comes as it grows. ' +
      'Elsewhere it comes when it is stored, and comments come meanwhile.',
    request: [ID],
    response: {
      status: 200,
      description: `The reply as a UI message stream of the AI SDK. ${listStreamErrors(FAILED_RESUME)}`,
      headers: ['x-vercel-ai-ui-message-stream', 'x-accel-buffering'],
      content: { 'text/event-stream': { schema: EVENT_STREAM, example: STREAM_EXAMPLE } },
    },
    otherResponse: { status: 204, description: 'No turn of the chat is running, or there is no such chat' },
    failures: [...BAD_PATH, ...NO_STORAGE],
  },
  stop: {
    id: 'stopTurn',
    summary: 'Stop the running turn of a chat',
    description:
      'It takes effect within 2 s, in whichever process the turn runs. What there is of the reply is kept as `stopped`. ' +
      'If the reply is complete before that, it is kept whole.',
    request: [ID, TURN_ID],
    response: { status: 202, description: 'The running turn was told to stop' },
    otherResponse: { status: 204, description: 'No such turn of the chat is running' },
    failures: [...BAD_TURN_ID, ...NO_CHAT, ...NO_STORAGE],
  },
};
