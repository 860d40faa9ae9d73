/** @import { Entry, MessagePage, StoredMessage, TurnRequest } from './types.js' */

import { UNCERTAIN } from './notices.js';

/** A random id. `randomUUID` is missing on pages over plain http. */
export function createId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {Partial<Entry> & Pick<Entry, 'role'>} values @returns {Entry} */
export function toEntry(values) {
  return { content: '', citations: [], phase: 'rest', ...values };
}

/** @param {readonly StoredMessage[]} messages @returns {Entry[]} */
export function toEntries(messages) {
  return messages.map(({ id, role, content, status, citations = [], usage }) =>
    toEntry({
      id,
      role,
      content,
      citations,
      ...(status && status !== 'pending' && { trouble: { kind: status } }),
      ...(usage && { usage: { input: usage.input_tokens, output: usage.output_tokens } }),
    }),
  );
}

/** The number of the turn of a message, whose id is `<chat>:<number>` or that with `:user`. @param {string} [id] */
const toNumber = (id) => Number(/:(-?\d+)(?::user)?$/.exec(id ?? '')?.[1] ?? Number.NaN);

/** The number of the newest turn. @param {readonly { readonly id?: string }[]} messages */
export function toNewestNumber(messages) {
  return messages.map(({ id }) => toNumber(id)).findLast((number) => !Number.isNaN(number)) ?? 0;
}

/** The stored message of a request, if it has arrived. @param {MessagePage} page @param {TurnRequest} request */
export function findMessage({ messages }, { prompt, after = 0 }) {
  return messages.find(({ id, role, content }) => role === 'user' && content === prompt && toNumber(id) > after);
}

/** Whether an entry is a prompt that was not sent. @param {Entry} entry */
export const isUnsent = ({ trouble }) => trouble?.kind === 'unsent';

/**
 * Takes the entries that are shown in place of fresh ones that show the same.
 *
 * @param {readonly Entry[]} shown @param {readonly Entry[]} fresh @returns {Entry[]}
 */
export function keepSame(shown, fresh) {
  const byId = new Map(shown.map((entry) => [entry.id, entry]));
  return fresh.map((entry) => {
    const last = byId.get(entry.id);
    const isSame = last?.content === entry.content && (last.trouble === undefined) === (entry.trouble === undefined);
    return isSame ? last : entry;
  });
}

/** The prompt of the turn that an entry belongs to. @param {readonly Entry[]} entries @param {Entry} entry */
export function findPrompt(entries, entry) {
  const before = entries.slice(0, entries.indexOf(entry) + 1);
  return before.findLast(({ role }) => role === 'user') ?? entry;
}

/**
 * The message that a turn replaces from if it takes the place of this prompt. Without a reply, the turn of the prompt has
 * replaced nothing so far: what it was to replace goes with it.
 *
 * @param {Entry} prompt
 */
export function toReplaced({ id, trouble, request }) {
  return (trouble && request?.replaceFrom) ?? id;
}

/** A prompt that was on its way when its chat was left. @param {TurnRequest} request */
export function toUncertain(request) {
  const trouble = { kind: /** @type {const} */ ('unsent'), status: 0, error: UNCERTAIN };
  return toEntry({ role: 'user', content: request.prompt, request, trouble });
}
