import type { TurnRange } from '../../model/turn.js';

/** Most ranges on a head. More would make it larger than 1 KB, one write unit. */
const RANGES_MAX = 16;
/** A gap of fewer turns is read over, because a request of its own would cost more. */
const JUMPED_TURNS = 20;

/** Whether a value is a list of ranges as {@link toRangeList} writes it. */
export function isRangeList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > 2 * RANGES_MAX) return false;
  return value.every((bound, index) => Number.isSafeInteger(bound) && isAscending(value, index));
}

/** A range may have one turn, but the next range begins later. */
function isAscending(bounds: readonly number[], index: number): boolean {
  const [before = -Infinity, bound = -Infinity] = [bounds[index - 1], bounds[index]];
  return index % 2 === 1 ? before <= bound : before < bound;
}

/** The ranges of a list on a head. */
export function toRanges(list: readonly number[] = []): TurnRange[] {
  const firsts = list.filter((_, index) => index % 2 === 0);
  return firsts.map((first, index) => ({ first, last: list[2 * index + 1] ?? first }));
}

/** Ranges as a head has them: the first and the last number of each range, in one list. */
export function toRangeList(ranges: readonly TurnRange[]): number[] {
  return ranges.flatMap(({ first, last }) => [first, last]);
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
