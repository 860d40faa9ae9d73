/** @import { ChatList, ChatSummary, MessagePage, StoredChat, StreamPart, TurnRequest } from './types.js' */
/** @import { Session } from './session.js' */
import { readStream } from './event-stream.js';

/** The error if a turn runs in the chat. With a `turnId` it is the turn of the request's own key. */
export const IN_PROGRESS = 'A turn is already in progress';

/** The service has refused a request, or could not be reached. */
export class ApiError extends Error {
  /**
   * @param {number} status - 0 if there was no response.
   * @param {string} error - the text of the service.
   * @param {{ message?: string, retryAfter?: number, chatId?: string, turnId?: string }} [facts]
   */
  constructor(status, error, { message, retryAfter, chatId, turnId } = {}) {
    super(error);
    this.status = status;
    this.detail = message;
    /** Whole seconds. */
    this.retryAfter = retryAfter;
    /** The chat of the turn, if it has begun. */
    this.chatId = chatId;
    /** The id of the reply. If there is one, the turn has begun and its prompt is stored. */
    this.turnId = turnId;
  }
}

/** The requests of the page. A refused token is asked for anew, and the request is repeated. */
export class Api {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
  }

  /** @param {string} [cursor] @returns {Promise<ChatList>} */
  async listChats(cursor) {
    return (await this.send('GET', `chats?limit=30${toQuery(cursor)}`)).json();
  }

  /** @param {string} id @param {AbortSignal} [signal] @returns {Promise<StoredChat>} */
  async readChat(id, signal) {
    return (await (await this.send('GET', `chats/${encodeURIComponent(id)}`, { signal })).json()).chat;
  }

  /** @param {string} id @param {string} cursor @param {AbortSignal} signal @returns {Promise<MessagePage>} */
  async readOlder(id, cursor, signal) {
    const path = `chats/${encodeURIComponent(id)}/messages?limit=50${toQuery(cursor)}`;
    return (await this.send('GET', path, { signal })).json();
  }

  /** @param {string} id @param {string} title @returns {Promise<ChatSummary>} */
  async rename(id, title) {
    return (await (await this.send('PATCH', `chats/${encodeURIComponent(id)}`, { body: { title } })).json()).chat;
  }

  /** @param {string} id */
  async remove(id) {
    await this.send('DELETE', `chats/${encodeURIComponent(id)}`);
  }

  /**
   * Stops the turn that runs in a chat.
   *
   * @param {string} id
   * @param {string} turnId - stops this turn alone.
   * @returns {Promise<boolean>} false if it does not run.
   */
  async stop(id, turnId) {
    const query = `?turn_id=${encodeURIComponent(turnId)}`;
    return (await this.send('POST', `chats/${encodeURIComponent(id)}/stop${query}`)).status === 202;
  }

  /**
   * Runs a turn. A token that is refused is not asked for anew.
   *
   * @param {TurnRequest} request
   * @param {object} options
   * @param {string} options.chatId
   * @param {boolean} options.isNew - whether the turn may open the chat.
   * @param {boolean} options.supersede - whether a turn that runs in the chat is stopped first.
   * @param {AbortSignal} options.signal - ends the reading. The request itself goes on, so a refusal is always heard.
   * @returns {Promise<{ parts: AsyncGenerator<StreamPart, void, void>, turnId: string | undefined }>} the id is there if the turn
   *   had begun before its stream opened.
   */
  async ask({ prompt, key, replaceFrom }, { chatId, isNew, supersede, signal }) {
    const reading = new AbortController();
    const response = await this.send('POST', 'chat/stream', {
      // Only the body of the AI SDK opens a chat by an id of the page. The page needs it to stop the turn and to find it again.
      body: isNew
        ? {
            id: chatId,
            message: { role: 'user', parts: [{ type: 'text', text: prompt }] },
            // Such a chat has at most one turn, which has failed.
            ...(replaceFrom && { messageId: replaceFrom }),
          }
        : { prompt, chat_id: chatId, ...(replaceFrom && { replace_from: replaceFrom }) },
      headers: { 'idempotency-key': key, ...(supersede && { supersede: 'true' }) },
      signal: reading.signal,
      isRenewed: false,
    });
    signal.addEventListener('abort', () => reading.abort());
    if (signal.aborted) reading.abort();
    return { parts: readStream(requireBody(response)), turnId: response.headers.get('turn-id') ?? undefined };
  }

  /**
   * Follows the turn that runs in a chat.
   *
   * @param {string} id @param {AbortSignal} signal
   * @returns {Promise<AsyncGenerator<StreamPart, void, void> | undefined>} undefined if none runs.
   */
  async follow(id, signal) {
    const response = await this.send('GET', `chat/stream/${encodeURIComponent(id)}/stream`, { signal });
    return response.status === 204 ? undefined : readStream(requireBody(response));
  }

  /**
   * @param {string} method @param {string} path
   * @param {object} [options]
   * @param {object} [options.body]
   * @param {Record<string, string>} [options.headers]
   * @param {AbortSignal | undefined} [options.signal]
   * @param {boolean} [options.isRenewed] - whether a token that is refused is asked for anew.
   * @returns {Promise<Response>} a response of status 2xx.
   * @throws {ApiError}
   */
  async send(method, path, { body, headers, signal, isRenewed = true } = {}) {
    for (;;) {
      const response = await this.fetch(path, {
        method,
        headers: {
          ...this.session.header,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body && JSON.stringify(body),
        signal: signal ?? null,
      });
      if (response.ok) {
        this.session.accept();
        return response;
      }
      const error = await toError(response);
      signal?.throwIfAborted();
      if (error.status === 401 && this.session.changeHeader(error.message)) continue;
      if (error.status !== 401 || !isRenewed || !(await this.session.renew(error.message))) throw error;
      signal?.throwIfAborted();
    }
  }

  /** @param {string} path @param {RequestInit} options */
  async fetch(path, options) {
    try {
      return await fetch(new URL(path, this.session.root), options);
    } catch {
      options.signal?.throwIfAborted();
      // The browser says no more of it.
      throw new ApiError(0, 'The service cannot be reached', { message: 'Check the connection.' });
    }
  }
}

/** The chat is not there, or not any more. @param {unknown} error @returns {error is ApiError} */
export const isGone = (error) => error instanceof ApiError && error.status === 404;

/** A turn runs in the chat. @param {unknown} error @returns {error is ApiError} */
export const isInProgress = (error) => error instanceof ApiError && error.message === IN_PROGRESS;

/** @param {Response} response */
async function toError(response) {
  const { error, message } = await response.json().catch(() => ({}));
  // Something before the service has answered, and the service may have the request.
  if (typeof error !== 'string') return new ApiError(0, `The service cannot be reached (${response.status})`);
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return new ApiError(response.status, error, {
    message,
    retryAfter,
    chatId: response.headers.get('chat-id') ?? undefined,
    turnId: response.headers.get('turn-id') ?? undefined,
  });
}

/** @param {string | undefined} cursor */
const toQuery = (cursor) => (cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`);

/** @param {Response} response */
function requireBody({ body }) {
  if (body === null) throw new ApiError(0, 'The response has no body');
  return body;
}
