import { byId } from './dom.js';

/** What a reason of the API means to a person. The others are shown as they are. */
const REASONS = [
  [/expired/, 'Your token has expired. Nothing is lost: go on with a new one.'],
  [/missing/, 'The service knows you by a token.'],
];

/** The characters of a JWT. */
const TOKEN = /^[\w.-]+$/;

/** People paste quotation marks, line breaks and the name of the scheme too. @param {string} text */
const toToken = (text) => text.replace(/^\W*bearer\s+|["'“”‘’]|\s+/gi, '');

/**
 * Asks for a token.
 *
 * @param {{ reason?: string | undefined, token?: string | undefined }} request - why, and the token to begin with.
 * @returns {Promise<string | undefined>} undefined if the user closes the dialog.
 */
export function askForToken({ reason, token = '' }) {
  /** @type {HTMLDialogElement} */
  const dialog = byId('token-dialog');
  /** @type {HTMLInputElement} */
  const field = byId('token-field');
  const [, meaning] = REASONS.find(([pattern]) => /** @type {RegExp} */ (pattern).test(reason ?? '')) ?? [];
  byId('token-reason').textContent = String(meaning ?? reason ?? 'The service knows you by a token.');
  byId('token-local').hidden = token === '';
  field.value = token;
  dialog.returnValue = '';
  dialog.showModal();
  // A token that is there already goes with Enter.
  if (token === '' || reason === undefined) field.select();
  else byId('token-confirm').focus();
  return new Promise((resolve) => {
    const form = /** @type {HTMLFormElement} */ (dialog.querySelector('form'));
    form.onsubmit = (event) => {
      event.preventDefault();
      const isToken = TOKEN.test(toToken(field.value));
      field.setCustomValidity(isToken ? '' : 'A token has letters, digits, dots, hyphens and underscores.');
      if (isToken) dialog.close('given');
      else field.reportValidity();
    };
    field.oninput = () => field.setCustomValidity('');
    byId('token-cancel').onclick = () => dialog.close();
    dialog.onclose = () => {
      const given = toToken(field.value);
      field.value = '';
      resolve(dialog.returnValue === 'given' && given !== '' ? given : undefined);
    };
  });
}
