import type { Attempt } from './ledger.js';

/** Whether a turn may be hidden: another one that replaces it has, or may have, an answer. */
export function mayBeReplaced({ number = 0 }: Attempt, known: readonly Attempt[]): boolean {
  return known.some((other) => replaces(other, number));
}

/** The turn that hides a number for all reads that are sent at this time. It has stored its answer while it held the chat. */
export function findReplacing(number: number, known: readonly Attempt[], from: number): Attempt | undefined {
  return known.find((other) => {
    const { storedAt = Infinity, isStoredInTime, gone } = other;
    return replaces(other, number) && storedAt < from && isStoredInTime && !gone;
  });
}

function replaces({ replaces: first = Infinity, number: own = 0, status }: Attempt, number: number): boolean {
  return number >= first && number < own && (status === 'done' || status === 'partial');
}
