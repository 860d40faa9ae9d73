import type { TurnRange } from '../../model/turn.js';

/** Most ranges on a head. More would make it larger than 1 KB, one write unit. */
const RANGES_MAX = 16;
/** A gap of fewer turns is read over, because a request of its own would cost more. */
const JUMPED_TURNS = 20;

/** A range in the text of a head: its distance from the range before it, and how many turns it has beyond the first. */
const RANGE_TEXT = /^(?<distance>-?\d{1,13})(?:\+(?<more>\d{1,13}))?$/;

/** Whether a value is a text of ranges as {@link toRangeText} writes it. */
export function isRangeText(value: unknown): boolean {
  return typeof value === 'string' && parseRanges(value) !== undefined;
}

/** The ranges of a text on a head. */
export function toRanges(text: string | undefined): readonly TurnRange[] {
  return (text !== undefined && parseRanges(text)) || [];
}

/**
 * The short text of ranges that a head has, such as `2,3+1` for turns 2, 5 and 6. A list of numbers would have three times its
 * size, and a turn would cost a write unit more.
 */
export function toRangeText(ranges: readonly TurnRange[]): string {
  return ranges
    .map(({ first, last }, index) => {
      const distance = first - (ranges[index - 1]?.last ?? 0);
      return last === first ? String(distance) : `${distance}+${last - first}`;
    })
    .join();
}

/** @returns undefined for a text that has another form. */
function parseRanges(text: string): TurnRange[] | undefined {
  const ranges: TurnRange[] = [];
  for (const part of text.split(',')) {
    const { distance, more = 0 } = RANGE_TEXT.exec(part)?.groups ?? {};
    const before = ranges.at(-1)?.last;
    const first = Number(distance) + (before ?? 0);
    const isAfter = before === undefined || first > before + 1;
    if (distance === undefined || !isAfter || ranges.length === RANGES_MAX) return undefined;
    ranges.push({ first, last: first + Number(more) });
  }
  return ranges;
}

/** Adds a range. Ranges that it touches become one with it. */
export function addRange(ranges: readonly TurnRange[], added: TurnRange): readonly TurnRange[] {
  if (added.first > added.last) return ranges;
  const isApart = ({ first, last }: TurnRange) => last < added.first - 1 || first > added.last + 1;
  const touched = [added, ...ranges.filter((range) => !isApart(range))];
  const merged = {
    first: Math.min(...touched.map(({ first }) => first)),
    last: Math.max(...touched.map(({ last }) => last)),
  };
  return [...ranges.filter(isApart), merged].toSorted((one, other) => one.first - other.first);
}

/** Whether a turn with this number is in one of the ranges. */
export function isHidden(ranges: readonly TurnRange[], number: number): boolean {
  return ranges.some(({ first, last }) => first <= number && number <= last);
}

/**
 * Finds the range that a full head gives up: the shortest one, because each of its turns costs a write. Of several ones the
 * oldest is taken.
 *
 * @param kept - a turn whose range stays.
 * @returns undefined if all ranges have room.
 */
export function findExcessRange(ranges: readonly TurnRange[], kept: number): TurnRange | undefined {
  if (ranges.length <= RANGES_MAX) return undefined;
  const length = ({ first, last }: TurnRange) => last - first;
  // Turns of the original system have no items to mark.
  const others = ranges.filter((range) => range.first >= 1 && !isHidden([range], kept));
  return others.toSorted((one, other) => length(one) - length(other))[0];
}

/** The newest turns up to a number that are read in one query: from 1 on, and without a long gap. */
export function findReadableRange(ranges: readonly TurnRange[], newest: number): TurnRange | undefined {
  const gaps = ranges.filter(({ first, last }) => last - first >= JUMPED_TURNS - 1);
  const around = gaps.find((gap) => isHidden([gap], newest));
  const last = around ? around.first - 1 : newest;
  const below = gaps.findLast((gap) => gap.last < last);
  return last < 1 ? undefined : { first: Math.max(1, (below?.last ?? 0) + 1), last };
}
