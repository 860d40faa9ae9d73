/** Longest sentence of a comment, in words. */
const MAX_WORDS = 25;

/**
 * The sentences of a comment. Code spans, links and braces count as one word each, and a list item, a blank line or a
 * TSDoc tag ends a sentence too.
 */
function splitSentences(comment) {
  const text = comment
    .replaceAll(/^[ \t]*\*?[ \t]?/gm, '')
    .replaceAll(/`[^`]*`|\{@[^}]*\}|\{[^}]*\}|https?:\S+/g, 'code')
    .replaceAll(/\n\s*\n|\n\s*(?=[-*|@]|\d+\.)/g, '. ');
  return text.split(/[.!?](?=\s|$)/).map((sentence) => sentence.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word)));
}

/** Comments of several lines that begin with `//` are one text. */
function joinLines(comments) {
  const joined = [];
  for (const { type, value, loc } of comments) {
    const last = joined.at(-1);
    const goesOn = type === 'Line' && last?.type === 'Line' && last.loc.end.line + 1 === loc.start.line;
    if (goesOn) joined.splice(-1, 1, { type, value: `${last.value}\n${value}`, loc: { ...last.loc, end: loc.end } });
    else joined.push({ type, value, loc });
  }
  return joined;
}

const shortSentences = {
  create(context) {
    return {
      Program() {
        for (const comment of joinLines(context.sourceCode.getAllComments())) {
          for (const words of splitSentences(comment.value)) {
            if (words.length <= MAX_WORDS) continue;
            const message = `A sentence of ${words.length} words: “${words.slice(0, 5).join(' ')} …”. The limit is ${MAX_WORDS}.`;
            context.report({ loc: comment.loc, message });
          }
        }
      },
    };
  },
};

export default { meta: { name: 'house' }, rules: { 'short-sentences': shortSentences } };
