/** Names that other programs use as beginnings of their own variables. */
const COMMON = /^(AWS_.*|PORT|HOST|DATA_DIR|LOG_LEVEL)$/;
/** Variables of npm and of the AWS SDK. Of these, the service itself reads a region and endpoints. */
const FOREIGN = /^(npm_|AWS_(?!REG|END))/i;
/** The shortest beginning of a known name that is taken for it, such as `CHAT_TTL`. */
const SHORTEST_BEGINNING = 8;

/**
 * Lists variables that are close to a known one that is not set. They differ in the case, are cut off, have another word
 * behind them, or are one or two letters off.
 *
 * @param names - the variables that are set.
 * @param known - all names that are read.
 * @returns one line for each, without values.
 */
export function listMisspelt(names: readonly string[], known: readonly string[]): string[] {
  const missing = known.filter((name) => !names.includes(name));
  return names
    .filter((name) => /^[\w.-]+$/.test(name) && !FOREIGN.test(name) && !known.includes(name))
    .flatMap((name) => {
      const meant = isForOthers(name, names, known) ? undefined : findClosest(name, missing);
      return meant === undefined ? [] : [`${name} is no variable of this service: did you mean ${meant}?`];
    });
}

/** Whether the name begins several known ones, such as `JWT_SECRET`, and one of them is set. */
function isForOthers(name: string, names: readonly string[], known: readonly string[]): boolean {
  return known.some((candidate) => candidate.startsWith(`${name}_`) && names.includes(candidate));
}

function findClosest(name: string, known: readonly string[]): string | undefined {
  const usual = name.toUpperCase().replaceAll(/[.-]/g, '_');
  const close = known.filter((candidate) => isClose(usual, candidate));
  return close.toSorted((one, other) => countEdits(usual, one) - countEdits(usual, other))[0];
}

function isClose(name: string, known: string): boolean {
  // Few slips change the first letter, and most pairs end here.
  if (name[0] !== known[0] || !known.includes('_')) return false;
  if (name === known) return true;
  if (!COMMON.test(known)) {
    const isBeginning = name.length >= SHORTEST_BEGINNING && name.includes('_') && known.startsWith(name);
    if (isBeginning || name.startsWith(`${known}_`)) return true;
  }
  // Of short names, two letters make another word.
  const limit = known.length < 10 ? 1 : 2;
  return Math.abs(name.length - known.length) <= limit && countEdits(name, known, limit) <= limit;
}

/**
 * How many letters have to be added, removed, replaced or swapped with their neighbour.
 *
 * @param limit - a larger number is not needed exactly. Most names differ early, and a cold start should not count on.
 */
function countEdits(from: string, to: string, limit = Infinity): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
    if (Math.min(...last, ...beforeLast) > limit) return Infinity;
  }
  return last[to.length] ?? 0;
}
