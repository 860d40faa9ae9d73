import type { Schedule } from './workload/schedule.js';

/** A finding that is known and not mended yet. */
export interface KnownFinding {
  readonly kind: string;
  /** What happens, for people. */
  readonly why: string;
  /** Whether the shortest schedule shows the known cause. Without it, every finding of the kind is known. */
  readonly isCause?: (shortest: Schedule) => boolean;
}

/** Remove an entry when its cause is mended. The explorer then fails if the finding comes back. */
export const KNOWN_FINDINGS: readonly KnownFinding[] = [
  {
    kind: 'turn of a refused begin',
    why: 'A refused begin arrives once more where its clock is ahead of the clock that has ended the turn before it.',
    isCause: hasClocksApart,
  },
  {
    kind: 'turn of a begin that got 404',
    why: 'The same, when another begin opens the chat, or DynamoDB removes an expired chat whose key is used again.',
    isCause: (shortest) => hasClocksApart(shortest) || hasExpiry(shortest),
  },
];

function hasClocksApart({ clocks }: Schedule): boolean {
  return clocks.some((ahead) => ahead !== clocks[0]);
}

function hasExpiry({ steps }: Schedule): boolean {
  return steps.some(({ action }) => action.do === 'expire');
}
