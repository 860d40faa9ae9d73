import type { Finding } from './check/ledger.js';
import type { Schedule, Step } from './workload/schedule.js';

/** A finding that is known and stays. Decision 0054 says why. */
interface KnownFinding {
  readonly kind: string;
  /** What happens, for people. */
  readonly why: string;
  /** Whether the shortest schedule shows the known cause. The step is the begin that was refused. */
  readonly isCause: (shortest: Schedule, refused: Step) => boolean;
}

/** Remove an entry when its cause is mended. The explorer then fails if the finding comes back. */
const KNOWN_FINDINGS: readonly KnownFinding[] = [
  {
    kind: 'turn of a refused begin',
    why: 'A refused begin arrives once more where its clock is ahead of the clock that has ended the turn before it.',
    isCause: isAheadOfOthers,
  },
  {
    kind: 'turn of a begin that got 404',
    why: 'The same, when another begin opens the chat meanwhile.',
    isCause: isAheadOfOthers,
  },
  {
    kind: 'turn of a begin that got 404',
    why: 'A key opens an expired chat, and its begin arrives once more after DynamoDB has removed the head.',
    isCause: opensBeforeRemoval,
  },
];

/** Whether a finding has a known cause, as its shortest schedule shows. Nothing can be left out of that schedule. */
export function isKnown({ kind, step }: Finding, shortest: Schedule): boolean {
  const refused = shortest.steps.find(({ id }) => id === step);
  if (!refused || !isDeliveredTwice(refused)) return false;
  return KNOWN_FINDINGS.some((known) => known.kind === kind && known.isCause(shortest, refused));
}

/** The clock of the begin is ahead of a clock that runs another turn in the chat. */
function isAheadOfOthers({ clocks, steps }: Schedule, refused: Step): boolean {
  const ahead = clocks[refused.process] ?? 0;
  return steps.some((other) => isSameChat(other, refused) && (clocks[other.process] ?? 0) < ahead);
}

/** DynamoDB removes heads after a begin with the key of an expired chat, before it is delivered again. */
function opensBeforeRemoval({ steps }: Schedule, refused: Step): boolean {
  const { action } = refused;
  if (action.do !== 'turn' || !action.opens || action.key === undefined) return false;
  const later = steps.slice(steps.indexOf(refused) + 1);
  return later.some((step) => step.action.do === 'expire' && step.action.which !== 'turns');
}

function isSameChat({ id, action }: Step, refused: Step): boolean {
  return (
    action.do === 'turn' && refused.action.do === 'turn' && action.chat === refused.action.chat && id !== refused.id
  );
}

/** Whether the network delivers a begin twice, and nothing else happens to it. Its process has sent it once. */
function isDeliveredTwice({ faults }: Step): boolean {
  const kinds = Object.values(faults).map(({ kind }) => kind);
  return kinds.length === 1 && kinds[0] === 'delivered twice';
}
