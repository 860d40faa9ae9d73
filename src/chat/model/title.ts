/** Longest title made from a prompt, in Unicode code points, the `…` included. */
const TITLE_MAX_LENGTH = 60;

/**
 * A title for a chat: its first prompt with white space collapsed, cut at a word to at most 60 characters.
 * A single word longer than that is cut within, and a prompt of control characters alone has nothing but the `…`.
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
