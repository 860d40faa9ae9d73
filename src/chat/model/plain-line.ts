import { cutAtGrapheme } from '../../common/graphemes.js';

/** UTF-16 units that are read of a text; what follows is left out. */
export const PLAIN_LINE_SOURCE_LENGTH = 2_000;

const NEEDS_NO_JOINER = ['Latin', 'Greek', 'Cyrillic', 'Han', 'Hangul', 'Hiragana', 'Katakana'];
/** Joiners inside a word, such as Persian and the scripts of India need them. U+180E is the joiner of Mongolian. */
const JOINER_OF_WORD = [
  String.raw`(?<=[\p{L}\p{M}])(?<![${NEEDS_NO_JOINER.map((script) => `\\p{Script=${script}}`).join('')}])`,
  String.raw`[\u180E\u200C\u200D](?=[\p{L}\p{M}])`,
].join('');
/** Joiners of the parts of an emoji (UTS #51, ED-16). */
const JOINER_OF_EMOJI = String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})`;
/** The invisible letters that make a flag of a region (UTS #51, ED-14a). */
const TAGS_OF_FLAG = String.raw`(?<=\u{1F3F4})[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}`;
/** Format controls that show nothing: bidirectional and zero-width ones, joiners and tags. */
const INVISIBLE = String.raw`(?=\p{Default_Ignorable_Code_Point})\p{Cf}`;
/** Made on demand, because it takes a millisecond. */
let neededOrInvisible: RegExp | undefined;

/**
 * Makes one line of the beginning of a text: white space and control characters collapsed. Invisible controls are removed,
 * because they can show a text as another one. Joiners that a word or an emoji needs are kept.
 */
export function toPlainLine(text: string): string {
  const source = cutAtGrapheme(text, PLAIN_LINE_SOURCE_LENGTH).toWellFormed();
  return removeInvisible(source)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

function removeInvisible(text: string): string {
  if (/^[\t-\r -~]*$/.test(text)) return text;
  neededOrInvisible ??= new RegExp(`(${JOINER_OF_WORD}|${JOINER_OF_EMOJI}|${TAGS_OF_FLAG})|${INVISIBLE}`, 'gu');
  return text.replace(neededOrInvisible, '$1');
}
