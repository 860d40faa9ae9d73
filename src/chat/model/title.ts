import { cutAtGrapheme } from '../../common/graphemes.js';
import { PLAIN_LINE_SOURCE_LENGTH, toPlainLine } from './plain-line.js';

/**
 * Makes a chat's title from its first prompt: one line of at most 60 Unicode code points, the `…` of a cut included. It is
 * cut at a word, and a longer first word between graphemes. A prompt of controls alone gives `…`.
 */
export function toTitle(prompt: string): string {
  const source = prompt.trim();
  const text = toPlainLine(source);
  const [head = ''] = /^.{0,60}/su.exec(text) ?? [];
  const isWhole = head === text && source.length <= PLAIN_LINE_SOURCE_LENGTH;
  if (isWhole) return text || '…';
  const lastSpace = head === text ? 0 : head.lastIndexOf(' ');
  const [shorter = ''] = /^.{0,59}/su.exec(text) ?? [];
  return `${cutAtGrapheme(text, lastSpace > 0 ? lastSpace : shorter.length)}…`;
}
