/** @import { Session } from './session.js' */
/** @import { OpenRequest, TurnRequest } from './types.js' */
import { keep, recall } from './tab-storage.js';

/**
 * Requests that were sent, until it is certain whether their turns have begun: at most one for each chat. If the page is
 * left before that, the chat sends its request again when it is opened. The key makes the repetition safe.
 */
export class Outbox {
  /** The newest request of each name that this page has sent. @type {Map<string, TurnRequest>} */
  sent = new Map();

  /** @param {Session} session */
  constructor(session) {
    this.session = session;
  }

  /**
   * @param {string} chatId
   * @param {TurnRequest} request
   * @returns {(isLost?: boolean) => boolean} ends the wait: lost requests stay, and are not sent by themselves. It is false if
   *   the chat has sent another request since.
   */
  put(chatId, request) {
    const name = this.toName(chatId);
    this.sent.set(name, request);
    write(name, { request });
    return (isLost = false) => {
      if (this.sent.get(name) !== request) return false;
      write(name, isLost ? { request, isLost } : undefined);
      return true;
    };
  }

  /** @param {string} chatId @returns {OpenRequest | undefined} */
  find(chatId) {
    const text = recall(this.toName(chatId));
    return text === '' ? undefined : JSON.parse(text);
  }

  /** @param {string} chatId */
  drop(chatId) {
    write(this.toName(chatId), undefined);
  }

  /** @param {string} chatId */
  toName(chatId) {
    return `request ${JSON.stringify([this.session.userId, chatId])}`;
  }
}

/** @param {string} name @param {OpenRequest | undefined} open */
function write(name, open) {
  keep(name, open ? JSON.stringify(open) : '');
}
