/** Maximum length of a title, in Unicode code points. The `…` counts. */
const TITLE_MAX_LENGTH = 60;

/**
 * Makes a chat's title from its first prompt: white space collapsed, cut at a word to at most 60 characters. A longer
 * first word is cut inside. A prompt of control characters alone gives `…`.
 */
export function toTitle(prompt: string): string {
  const text = prompt.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = Array.from(text);
  if (characters.length <= TITLE_MAX_LENGTH) return text || '…';
  const head = characters.slice(0, TITLE_MAX_LENGTH).join('');
  const lastSpace = head.lastIndexOf(' ');
  const cut = lastSpace > 0 ? head.slice(0, lastSpace) : characters.slice(0, TITLE_MAX_LENGTH - 1).join('');
  return `${cut}…`;
}
