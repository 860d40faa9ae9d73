import type { TurnOutcome } from '../../../src/chat/model/chat.js';
import { TurnSupersededError } from '../../../src/chat/model/chat.errors.js';
import type { RunningTurn } from '../../../src/chat/model/turn.js';
import { StorageUnavailableError } from '../../../src/common/storage.errors.js';
import { LAST_WRITE, STORE_AFTER_DEADLINE } from '../../../src/config/waits.js';
import type { Attempt } from '../check/ledger.js';
import type { Run } from './run.js';

/** What the network and the steps of the storage may take beyond a time limit, in milliseconds. */
const SLACK = 100;

/** How a turn ended. */
export interface EndedAttempt {
  readonly begun: RunningTurn;
  readonly outcome: TurnOutcome;
  /** Milliseconds by the clock of the process. */
  readonly deadline: number;
  /** The caller of a stream waits as long as it takes. */
  readonly isStream: boolean;
}

/**
 * Ends a turn as the service does. Its end must not be given up while the table may still take it. The
 * caller of a whole response must have a result in time.
 */
export async function endTurn(run: Run, attempt: Attempt, ended: EndedAttempt): Promise<void> {
  const { parts, world, settings } = run;
  const { begun, outcome, deadline, isStream } = ended;
  const { process } = world.running;
  const start = { now: world.now, clock: Date.now() };
  const storeLimit = isStream ? Infinity : STORE_AFTER_DEADLINE;
  const end = { outcome, deadline, storeDeadline: Infinity, storeLimit };
  attempt.status = outcome.status;
  try {
    const { stored } = await parts.endTurn(attempt.user, begun, end, {
      onComplete: () => void (attempt.expiresAt = toExpiry(settings.chatTtlDays)),
      onStored: (number) => {
        attempt.number = number;
        attempt.storedAt = world.now;
        attempt.isStoredInTime = attempt.turns.at(-1)?.to === Infinity;
        world.note(() => `stored as turn ${number}`);
      },
      keep: (work) => void work.catch((error: unknown) => checkGivenUp(run, attempt, { error, begun })),
    });
    world.note(() => `the caller has turn ${stored.number}`);
  } catch (error) {
    if (error instanceof TurnSupersededError) checkSuperseded(run, attempt);
    throw error;
  } finally {
    const latest = Math.max(start.clock, deadline) + storeLimit + LAST_WRITE + SLACK;
    // No time limit ends while the process stands still.
    const late = Date.now() - latest - process.getFrozenTime(start.now);
    if (late > 0) run.ledger.report('caller waits too long', `“${attempt.prompt}”, ${late} ms`);
  }
}

/** Only another run of the same turn takes its place. That run takes over its key before it begins, or is refused. */
function checkSuperseded({ ledger }: Run, { step, chatId = '', prompt, calledAt }: Attempt): void {
  const others = ledger.attemptsOf(chatId).filter((other) => other.step !== step && other.prompt === prompt);
  const mayTakeKeyOver = ({ appliedAt, knownAt = Infinity }: Attempt) => appliedAt !== undefined || knownAt >= calledAt;
  if (!others.some(mayTakeKeyOver)) ledger.report('superseded by no turn', prompt);
}

/** A turn is given up only after its lease. */
function checkGivenUp(run: Run, { prompt }: Attempt, { error, begun }: { error: unknown; begun: RunningTurn }): void {
  run.world.note(() => `is given up with ${String(error)}`);
  const left = begun.storeUntil - Date.now();
  if (error instanceof StorageUnavailableError && left > 0) {
    run.ledger.report('turn is given up too early', `“${prompt}”, ${left} ms before its lease ends`);
  }
}

/** When an item expires that is written now. */
export function toExpiry(days: number): number {
  return days > 0 ? Date.now() + days * 24 * 60 * 60 * 1000 : Infinity;
}
