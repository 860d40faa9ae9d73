import { ApiBody, ApiParam, ApiQuery } from '@nestjs/swagger';
import type { ChatHistoryController } from '../../chat/api/chat-history.controller.js';
import type { ChatListController } from '../../chat/api/chat-list.controller.js';
import { chatId } from './chat-schemas.js';
import { json, type Operations } from './describe.js';
import { BAD_PAGE, BAD_TITLE, CHAT_IS_BUSY, CHATS_REMAIN, NO_CHAT, NO_INDEX, NO_STORAGE } from './failures.js';
import { schemaRef } from './schema.js';

const ID = ApiParam({ name: 'id', description: 'The id of the chat', schema: chatId });
const CURSOR = ApiQuery({
  name: 'cursor',
  required: false,
  description: 'The `next_cursor` of a response. Without it, the first page',
  schema: { type: 'string' },
});

function limit(maximum: number, byDefault: number): MethodDecorator {
  const schema = { type: 'integer', minimum: 1, maximum, default: byDefault };
  return ApiQuery({ name: 'limit', required: false, description: 'How many a page has at most', schema });
}

export const HISTORY_OPERATIONS: Operations<ChatHistoryController> = {
  get: {
    id: 'getChat',
    summary: 'Get a chat with its newest messages',
    request: [ID],
    response: json('The chat', 'ChatResponse'),
    failures: [...NO_CHAT, ...NO_STORAGE],
  },
  listMessages: {
    id: 'listMessages',
    summary: 'List the messages of a chat, page by page',
    description: 'The first page has the newest messages. Each `next_cursor` leads to older ones.',
    request: [ID, CURSOR, limit(100, 100)],
    response: json('One page of messages', 'MessagePage'),
    failures: [...BAD_PAGE, ...NO_CHAT, ...NO_STORAGE],
  },
};

export const LIST_OPERATIONS: Operations<ChatListController> = {
  list: {
    id: 'listChats',
    summary: 'List the chats of the user, page by page',
    description:
      'The chat that was updated last comes first. A chat that is updated meanwhile moves to the first page.',
    request: [CURSOR, limit(100, 20)],
    response: json('One page of chats', 'ChatList'),
    failures: [...BAD_PAGE, ...NO_STORAGE, ...NO_INDEX],
  },
  rename: {
    id: 'renameChat',
    summary: 'Rename a chat',
    description: 'Its place in the list stays.',
    request: [ID, ApiBody({ schema: schemaRef('RenameRequest'), required: true })],
    response: json('The chat with its new title', 'RenamedChat'),
    failures: [...BAD_TITLE, ...NO_CHAT, ...NO_STORAGE],
  },
  delete: {
    id: 'deleteChat',
    summary: 'Delete a chat for good',
    request: [ID],
    response: { status: 204, description: 'The chat is deleted' },
    failures: [...NO_CHAT, ...CHAT_IS_BUSY, ...NO_STORAGE],
  },
  deleteAll: {
    id: 'deleteAllChats',
    summary: 'Delete all chats of the user for good',
    response: { status: 204, description: 'The user has no chats' },
    failures: [...CHATS_REMAIN, ...NO_STORAGE, ...NO_INDEX],
  },
};
