/** What the service takes for the id of a chat. */
const CHAT_ID = /^(?!\.{1,2}$)[\w.:-]{1,128}$/;

/** The chat that the address of the page names, if it names one. */
export function findNamedChat() {
  const id = location.hash.slice(1);
  return CHAT_ID.test(id) ? id : undefined;
}

/** Names a chat. The page before it in the history is the one that was shown. @param {string} id */
export function nameChat(id) {
  if (findNamedChat() !== id) history.pushState(null, '', toHash(id));
}

/** The address names no chat any more, and leads to none when one goes back. */
export function unnameChat() {
  history.replaceState(null, '', location.pathname + location.search);
}

/** No character of an id has to be escaped. @param {string} id */
export const toHash = (id) => `#${id}`;
