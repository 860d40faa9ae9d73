/** @import { Session } from './session.js' */
/** @import { TurnRequest } from './types.js' */
import { keep, recall } from './tab-storage.js';

/**
 * Requests that were sent, until it is certain whether their turns have begun. If the page is left before that, the chat shows
 * them when it is opened again. They are never sent by themselves: a turn that has failed since would run once more.
 */
export class Outbox {
  /** @param {Session} session */
  constructor(session) {
    this.session = session;
  }

  /**
   * @param {string} chatId
   * @param {TurnRequest} request
   * @returns {() => void} takes it out again.
   */
  put(chatId, request) {
    const name = this.toName(chatId);
    write(name, [...read(name).filter(({ key }) => key !== request.key), request]);
    return () => drop(name, request.key);
  }

  /** @param {string} chatId @returns {TurnRequest[]} in the order in which they were sent. */
  list(chatId) {
    return read(this.toName(chatId));
  }

  /** @param {string} chatId @param {string} [key] - of one request; without it, all of the chat. */
  drop(chatId, key) {
    drop(this.toName(chatId), key);
  }

  /** @param {string} chatId */
  toName(chatId) {
    return `requests ${JSON.stringify([this.session.userId, chatId])}`;
  }
}

/** @param {string} name @param {string} [key] */
function drop(name, key) {
  write(
    name,
    read(name).filter((request) => key !== undefined && request.key !== key),
  );
}

/** @param {string} name @returns {TurnRequest[]} */
function read(name) {
  return JSON.parse(recall(name) || '[]');
}

/** @param {string} name @param {TurnRequest[]} requests */
function write(name, requests) {
  keep(name, requests.length === 0 ? '' : JSON.stringify(requests));
}
