/** @import { Trouble } from './types.js' */

import { IN_PROGRESS } from './api.js';

/**
 * What a trouble is to a person, and the ways on.
 *
 * @typedef {'again' | 'repeat' | 'supersede' | 'edit' | 'anew' | 'discard'} Way
 * @typedef {{ title: string, text: string, small?: string | undefined, ways: Way[], tone: 'calm' | 'bad' }} Notice
 */

/** The error of a prompt that was on its way when its chat was left. */
export const UNCERTAIN = 'It is not certain whether this was sent';
/** What was to be replaced is not there any more. */
export const NOT_REPLACED = "Field 'replace_from' is invalid";

/** @type {Readonly<Record<string, string>>} */
const ERRORS = {
  'The agent is busy': 'It has too much to do at the moment.',
  'The agent is unavailable': 'It could not be reached.',
  'The agent failed': 'It did not send an answer that can be used.',
  'The agent took too long': 'The time for an answer was over.',
  'Storage is unavailable': 'What the agent answered may not be stored yet.',
};

/** @param {Trouble} trouble @returns {Notice} */
export function toNotice({ kind, error, detail, status }) {
  const reason = error === undefined ? '' : (ERRORS[error] ?? '');
  switch (kind) {
    case 'stopped':
      return { title: 'Stopped', text: 'What was there by then is kept.', ways: ['again'], tone: 'calm' };
    case 'limit':
      return { title: 'The agent has reached its limit', text: 'The answer ends here.', ways: ['again'], tone: 'calm' };
    case 'partial':
      return {
        title: error ?? 'The answer is not complete',
        text: `${reason} The text above came before, and is kept.`.trim(),
        small: toReference(detail),
        ways: ['again'],
        tone: 'bad',
      };
    case 'failed':
      return {
        title: error ?? 'There was no answer',
        text: `${reason} Your message is kept.`.trim(),
        small: toReference(detail),
        ways: ['again'],
        tone: 'bad',
      };
    case 'unsent':
    default:
      return toUnsentNotice(error, detail, status);
  }
}

/** @param {string | undefined} error @param {string | undefined} detail @param {number | undefined} status @returns {Notice} */
function toUnsentNotice(error = 'Not sent', detail = '', status = 0) {
  if (error === UNCERTAIN)
    return {
      title: error,
      text: 'To try again is safe: nothing is sent twice.',
      ways: ['repeat', 'edit'],
      tone: 'calm',
    };
  const title = `Not sent: ${error}`;
  if (status === 0) return { title, text: detail, ways: ['repeat', 'edit'], tone: 'bad' };
  if (status === 401) return { title, text: 'Go on with another token.', ways: ['repeat', 'edit'], tone: 'bad' };
  if (error === IN_PROGRESS) {
    return {
      title: 'Not sent: another answer is being written',
      text: 'It was asked for elsewhere.',
      ways: ['supersede', 'repeat', 'edit'],
      tone: 'calm',
    };
  }
  if (status === 429) return { title, text: detail, ways: ['repeat', 'edit'], tone: 'bad' };
  if (status >= 500) return { title, text: '', small: toReference(detail), ways: ['repeat', 'edit'], tone: 'bad' };
  if (status === 404)
    return { title: 'Not sent: this chat is gone', text: 'It was deleted elsewhere.', ways: ['anew'], tone: 'bad' };
  if (error === NOT_REPLACED) {
    const text = 'What you wanted to replace is no longer in it.';
    return { title: 'Not sent: the chat was changed elsewhere', text, ways: ['edit'], tone: 'calm' };
  }
  return { title, text: detail, ways: ['edit'], tone: 'bad' };
}

/** The `message` of an error says what to do, and the id to ask about. The buttons say the first. @param {string} [detail] */
function toReference(detail) {
  const [, id] = /^Try again; request id (.+)$/.exec(detail ?? '') ?? [];
  return id === undefined ? detail : `Request ${id}`;
}
