import { ID_TOKEN_FAULTS, InvalidIdTokenError, SigningKeysUnavailableError } from '../../auth/auth.errors.js';
import {
  AgentBusyError,
  AgentFailedError,
  AgentTimeoutError,
  AgentUnavailableError,
} from '../../chat/agent/agent.errors.js';
import { TITLE_MAX_LENGTH } from '../../chat/api/dto/rename-request.js';
import {
  ChatNotFoundError,
  ChatsRemainError,
  IdempotencyKeyReusedError,
  TurnInProgressError,
  TurnStoppedError,
  TurnSupersededError,
} from '../../chat/model/chat.errors.js';
import { IndexUnavailableError, StorageUnavailableError } from '../../common/storage.errors.js';
import { Environment } from '../../config/environment.js';
import { CHAT_LIST_INDEX } from '../../dynamodb/table-schema.js';
import { NotReadyError } from '../../health/health.errors.js';
import {
  BodyTooLargeError,
  InvalidRequestError,
  ServiceBusyError,
  UnsupportedBodyError,
} from '../../http/errors/http.errors.js';
import { TooManyTurnsError } from '../../usage/usage.errors.js';

/** What a route may throw, and when. Status, text and headers follow from it as in a response. */
export interface Failure {
  readonly thrown: unknown;
  readonly when: string;
}

function failure(thrown: unknown, when: string): Failure {
  return { thrown, when };
}

function invalid(text: string, when: string): Failure {
  return failure(new InvalidRequestError(text), when);
}

/** Of every route. */
export const UNEXPECTED: readonly Failure[] = [
  failure(new Error(), 'A fault of the service. Its log has it under the request id'),
];

/** Of every route that needs a token. `<name>` stands for the name of a claim. */
export const NO_TOKEN: readonly Failure[] = [
  ...([...ID_TOKEN_FAULTS, `claim '<name>' is required`, `claim '<name>' is invalid`] as const).map((reason) =>
    failure(new InvalidIdTokenError(reason), `The ${reason}`),
  ),
  failure(new SigningKeysUnavailableError(5), 'The keys of the issuer cannot be fetched'),
];

/** Of every route that uses the table. */
export const NO_STORAGE: readonly Failure[] = [
  failure(new StorageUnavailableError({ reason: 'it cannot be reached' }), 'The table cannot be reached, or throttles'),
];

const UNKNOWN_CHAT = failure(new ChatNotFoundError(), 'The chat does not exist, or belongs to another user');
const RUNNING = failure(new TurnInProgressError(1), 'A turn of the chat is running');

/** Of a path with a parameter. */
export const BAD_PATH: readonly Failure[] = [failure(new URIError(), 'The path cannot be decoded')];
/** Of a path with the id of a chat. */
export const NO_CHAT: readonly Failure[] = [UNKNOWN_CHAT, ...BAD_PATH];
export const CHAT_IS_BUSY: readonly Failure[] = [RUNNING];

/** Of a delete of all chats. */
export const CHATS_REMAIN: readonly Failure[] = [
  failure(new ChatsRemainError(), 'It takes too long, or a turn has begun meanwhile. A repetition continues it'),
];

/** Of a route that reads the index. */
export const NO_INDEX: readonly Failure[] = [
  failure(new IndexUnavailableError(CHAT_LIST_INDEX), 'The table has no index of chats, or DynamoDB still fills it'),
];

export const BAD_PAGE: readonly Failure[] = [
  invalid(`Query 'cursor' is invalid`, 'No cursor of this user and list'),
  invalid(`Query 'limit' is invalid`, 'No whole number within the limits'),
];

export const BAD_TURN_ID: readonly Failure[] = [
  invalid(`Query 'turn_id' is invalid`, 'No id of a message that this chat could have'),
];

/** Of a body in JSON. */
function listBadBodies(maxDepth: string, maxSize: string): readonly Failure[] {
  return [
    invalid(`Field '<name>' is not allowed`, 'A field that the body does not have'),
    invalid('Request body is not valid JSON', `No JSON object, or one that is nested deeper than ${maxDepth}`),
    failure(new BodyTooLargeError(), `Over ${maxSize}`),
    failure(new UnsupportedBodyError('Content-Type must be application/json'), 'Another type'),
    failure(new UnsupportedBodyError('Content-Encoding is not supported'), 'A compressed body'),
    failure(new ServiceBusyError(), 'The bodies that are being read take too much memory together'),
  ];
}

export const BAD_BODY = listBadBodies('16', '256 KiB');
/** Of a body that may be the AI SDK's. */
export const BAD_STREAM_BODY = listBadBodies('16, or 64 in the body of the AI SDK', '256 KiB, or 1 MiB of the AI SDK');

/** Of a new title. */
export const BAD_TITLE: readonly Failure[] = [
  invalid(`Field 'title' is required`, 'Absent, null, empty or blank, also if only controls are in it'),
  invalid(`Field 'title' must be a string`, 'Another type'),
  invalid(`Field 'title' is invalid`, 'A lone surrogate'),
  invalid(`Field 'title' must be at most ${TITLE_MAX_LENGTH} characters`, 'Longer than that'),
  ...BAD_BODY,
];

/** Of the fields of a request that begins a turn. */
export const BAD_TURN: readonly Failure[] = [
  invalid(`Field 'prompt' is required`, 'Absent, null, empty or blank'),
  invalid(`Field 'prompt' must be a string`, 'Another type'),
  invalid(`Field 'prompt' is invalid`, 'A lone surrogate'),
  invalid(
    `Field 'prompt' must be at most ${new Environment().PROMPT_MAX_LENGTH} characters`,
    'Longer than the setting PROMPT_MAX_LENGTH',
  ),
  invalid(`Field 'chat_id' must be a string`, 'Another type'),
  invalid(`Field 'chat_id' is invalid`, 'Characters or a length that no id has'),
  invalid(`Field 'chat_id' is required`, 'Absent or null beside `replace_from`'),
  invalid(`Field 'replace_from' is invalid`, 'No id of a message in the history of the chat'),
];

/** Of the fields of the AI SDK's body, beside the faults of its prompt. */
export const BAD_UI_TURN: readonly Failure[] = [
  invalid(`Field 'messages' is invalid`, 'The last message is not the message of a user'),
  invalid('Attachments are not supported', 'The last message has a part `file`'),
  invalid(`Field 'id' is required`, 'Absent or null'),
  invalid(`Field 'id' is invalid`, 'No text, or characters or a length that no id has'),
  invalid(`Field 'after' is invalid`, 'No id that a message of the chat can have'),
];

/** Of a request that begins a turn, before it has begun. */
export const REFUSED_TURN: readonly Failure[] = [
  invalid(`Header 'Idempotency-Key' is invalid`, 'Not 1 to 255 printable ASCII characters'),
  invalid(`Header 'supersede' is invalid`, 'Another value than `true`'),
  UNKNOWN_CHAT,
  RUNNING,
  failure(new IdempotencyKeyReusedError(), 'The key belongs to another prompt, or to another `replace_from`'),
  failure(new TooManyTurnsError(60), 'More turns than the user may begin or run at once'),
];

/** Of an agent that was asked. */
const FAILED_AGENT: readonly Failure[] = [
  failure(new AgentBusyError(), 'The agent throttles'),
  failure(new AgentFailedError(), 'An error of the agent, or a reply that is broken, empty or over 1 MB'),
  failure(new AgentUnavailableError(), 'The agent is not ready, or cannot be reached'),
  failure(new AgentTimeoutError(), 'The turn took too long'),
];

/** Of a turn that has begun. Its prompt is stored. */
export const FAILED_TURN: readonly Failure[] = [
  failure(new TurnStoppedError(), 'A user has stopped it, or its key belongs to a turn that was stopped'),
  ...FAILED_AGENT,
];

/** Of a running turn that is shown once more. The stream opens at once, so they are texts of its part `error`, never a status. */
export const FAILED_RESUME: readonly Failure[] = [
  ...FAILED_AGENT,
  ...NO_STORAGE,
  failure(new ChatNotFoundError(), 'The chat was deleted meanwhile'),
  failure(new TurnSupersededError(), 'Another run of the turn has taken its place'),
  ...UNEXPECTED,
];

const NO_TABLE = 'table: cannot be reached';
const NO_KEYS = 'signing keys: cannot be fetched';

export const NOT_READY: readonly Failure[] = [
  failure(new NotReadyError([NO_TABLE]), 'The table cannot be read'),
  failure(new NotReadyError([NO_KEYS]), 'The keys of the issuer cannot be fetched'),
  failure(new NotReadyError([NO_TABLE, NO_KEYS]), 'Both'),
];
