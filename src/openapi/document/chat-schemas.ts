import type { ChatRequest } from '../../chat/api/dto/chat-request.js';
import type { UiChatRequest, UiMessage, UiPart } from '../../chat/api/dto/ui-chat-request.js';
import type { ChatListResponse, RenamedChatResponse } from '../../chat/api/dto/chat-list-response.js';
import type {
  ChatBody,
  ChatResponse,
  ChatSummaryBody,
  MessageBody,
  MessagePageResponse,
  ReplyResponse,
} from '../../chat/api/dto/chat-response.js';
import { type RenameRequest, TITLE_MAX_LENGTH } from '../../chat/api/dto/rename-request.js';
import type { Citation, Message, MessageStatus } from '../../chat/model/chat.js';
import { CHAT_ID } from '../../chat/model/chat-id.js';
import { Environment } from '../../config/environment.js';
import { list, object, oneOf, optional, type Schema, schemaRef, text, time, wholeNumber } from './schema.js';

/** The form of a chat id, in requests and responses. */
export const chatId: Schema = {
  type: 'string',
  pattern: CHAT_ID.source,
  examples: ['b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11'],
};

const SUMMARY = {
  id: { ...chatId, description: 'The id of the chat' },
  user_id: text('The user that the token names'),
  title: text('Made from the first prompt, or set by a rename', { examples: ['Plan a weekend in Lisbon'] }),
  created_at: time('When the chat was opened'),
  updated_at: time('When its last turn ended or began'),
};

const MESSAGES = {
  messages: list('Oldest first. A turn is never split.', schemaRef('Message')),
  next_cursor: optional(text('Leads to the messages before these. Absent if there are none')),
};

/** The bodies of requests and responses about chats, by their names in `components.schemas`. */
export const CHAT_SCHEMAS: Readonly<Record<string, Schema>> = {
  ChatRequest: {
    ...object<ChatRequest>('A prompt, and the chat that it belongs to', {
      prompt: text('Not blank. The limit counts Unicode code points and is a setting of the service', {
        minLength: 1,
        maxLength: new Environment().PROMPT_MAX_LENGTH,
        examples: ['Plan a weekend in Lisbon'],
      }),
      chat_id: optional({
        ...chatId,
        type: ['string', 'null'],
        description: 'The chat to continue. Absent or null opens a new chat',
      }),
      replace_from: optional({
        type: ['string', 'null'],
        description:
          'Asks anew: the id of a message of the chat. Once the turn has an answer, the turn of that message and all turns ' +
          'after it leave the history. Needs `chat_id`. Absent or null replaces nothing',
        examples: ['b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1'],
      }),
    }),
    additionalProperties: false,
  },
  UiChatRequest: object<UiChatRequest>(
    'The body that the AI SDK sends, with `messages` or `message`. Its other fields are ignored',
    {
      id: { ...chatId, description: 'The chat. If the user has and had none with this id, it is opened' },
      messages: optional(
        list(
          'The messages of the page. The last one is the prompt. The newest of the others that is in the history says where ' +
            'the turn stands',
          schemaRef('UiMessage'),
        ),
      ),
      message: optional({ ...schemaRef('UiMessage'), description: 'The prompt alone, in place of `messages`' }),
      after: optional({
        type: ['string', 'null'],
        description:
          'With `message`: the id of the message before it, which says where a turn stands that replaces others',
      }),
      trigger: optional(
        text('`regenerate-message` replaces the turns behind that place, once the turn has an answer', {
          examples: ['submit-message', 'regenerate-message'],
        }),
      ),
      messageId: optional({
        type: ['string', 'null'],
        description: 'The message that is edited or regenerated. The turns behind that place are replaced',
      }),
    },
  ),
  UiMessage: object<UiMessage>('A message of the AI SDK. Its other fields are ignored', {
    id: optional(text('Its id. That of a message of the history is its id there')),
    role: text('Who speaks: `user` for a prompt', { examples: ['user', 'assistant'] }),
    parts: list('The parts. The texts of a prompt are joined by a blank line. `file` is refused', {
      ...object<UiPart>('A part', {
        type: text('The kind of part'),
        text: optional(text('The text of a part `text`')),
      }),
    }),
  }),
  ReplyResponse: object<ReplyResponse>('The reply to a prompt', {
    response: text('The reply of the agent'),
    chat: schemaRef('Chat'),
  }),
  ChatResponse: object<ChatResponse>('A chat', { chat: schemaRef('Chat') }),
  MessagePage: object<MessagePageResponse>('One page of the messages of a chat', MESSAGES),
  Chat: object<ChatBody>('A chat with its newest messages', {
    ...SUMMARY,
    ...MESSAGES,
    running: optional({ const: true, description: 'Whether a turn is running; else absent' }),
  }),
  ChatList: object<ChatListResponse>('One page of the chats of the user', {
    chats: list('The chat that was updated last comes first', schemaRef('ChatSummary')),
    next_cursor: optional(text('Leads to the chats after these. Absent if there are none')),
  }),
  RenameRequest: {
    ...object<RenameRequest>('A new title', {
      title: text('Not blank. The limit counts Unicode code points', { minLength: 1, maxLength: TITLE_MAX_LENGTH }),
    }),
    additionalProperties: false,
  },
  RenamedChat: object<RenamedChatResponse>('The chat with its new title', { chat: schemaRef('ChatSummary') }),
  ChatSummary: object<ChatSummaryBody>('A chat without its messages', SUMMARY),
  Message: object<MessageBody>('A message of the history', {
    id: text('Never changes. A prompt has the id of its reply and `:user`', {
      examples: ['b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1'],
    }),
    role: oneOf<Message['role']>('Who speaks', { user: 'a prompt', assistant: 'a reply of the agent' }),
    content: text('The text'),
    created_at: optional(time('When it was stored. Some messages of the original system have none')),
    status: optional(
      oneOf<MessageStatus>('Absent on a complete message', {
        pending: 'a prompt whose turn runs',
        failed: 'a prompt that got no reply',
        partial: 'a reply that broke off, or that the agent ended early',
        stopped: 'what there was of a reply when a user stopped it. On a prompt: no reply had begun',
      }),
    ),
    citations: optional(list('The sources of a reply', schemaRef('Citation'))),
    usage: optional(schemaRef('Usage')),
  }),
  Citation: object<Citation>('A source of a reply. It has at least a title, a URI or a snippet', {
    title: optional(text('The title of the source')),
    uri: optional(text('Where the source is: http, https or s3')),
    snippet: optional(text('The beginning of the text that was used')),
    start: optional(wholeNumber('The first character of the reply that rests on this source')),
    end: optional(wholeNumber('The character after the last one')),
  }),
  Usage: object<NonNullable<MessageBody['usage']>>('The tokens of a reply, over all calls to models', {
    input_tokens: wholeNumber('Tokens that the model read'),
    output_tokens: wholeNumber('Tokens that the model wrote'),
  }),
};
