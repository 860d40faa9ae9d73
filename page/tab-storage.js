/** What was kept since the page was opened. It is there too where the tab has no room, or no storage. @type {Map<string, string>} */
const texts = new Map();

/** Keeps a text for this tab, until it is closed. @param {string} name @param {string} text - empty is none. */
export function keep(name, text) {
  if (recall(name) === text) return;
  texts.set(name, text);
  try {
    // An old text must not come back if there is no room for the new one.
    sessionStorage.removeItem(name);
    if (text !== '') sessionStorage.setItem(name, text);
  } catch {
    // It is in the map.
  }
}

/** @param {string} name */
export function recall(name) {
  try {
    return texts.get(name) ?? sessionStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}
