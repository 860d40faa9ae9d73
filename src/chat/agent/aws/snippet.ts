/** Maximum length of the text of a source that is stored with a reply, in UTF-16 units. */
const SNIPPET_MAX_LENGTH = 500;

/** The beginning of the text of a source. */
export function toSnippet(text: string): string {
  return text.slice(0, SNIPPET_MAX_LENGTH).toWellFormed();
}
