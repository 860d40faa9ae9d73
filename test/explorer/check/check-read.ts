import type { Message, StoredTurn } from '../../../src/chat/model/chat.js';
import { type Attempt, CLOCK_MARGIN, type Ledger } from './ledger.js';

/** One page of a chat that a caller has got. */
export interface ReadPage {
  readonly user: string;
  readonly chatId: string;
  /** When the request was sent, and when its result came. */
  readonly from: number;
  readonly to: number;
  readonly turns: readonly StoredTurn[];
  /** Only turns with lower numbers were asked for. */
  readonly before: number;
  readonly hasOlder: boolean;
}

/** A read while a delete runs that is neither the whole chat nor 404. */
const DURING_DELETE = 'read while a delete runs';
const TORN = new Set(['lost turn', 'lost reply', 'lost prompt', 'torn reply']);

/** Checks what a caller has got of a chat: every acknowledged turn once, whole and in order, and nothing else. */
export function checkPage(ledger: Ledger, page: ReadPage): void {
  const { user: reader, chatId, turns } = page;
  const isTorn = ledger.isBeingDeleted(chatId, reader);
  const report = (kind: string, text: string) =>
    ledger.report(isTorn && TORN.has(kind) ? DURING_DELETE : kind, `${text}; shown: ${describeTurns(turns)}`);
  const known = ledger.attemptsOf(chatId).filter(({ user }) => user === reader);
  if (known.length === 0 && turns.some(({ number }) => number > 0)) report('foreign chat', `chat ${chatId}`);

  const shown = turns.flatMap(({ number, messages }) => {
    if (number < 1) return [];
    const attempt = checkTurn(known, messages, { page, report });
    return attempt ? [{ number, attempt }] : [];
  });
  checkNumbers(page, report);
  checkOrder(shown, report);
  for (const attempt of known) if (isRequired(attempt, page)) requireShown(attempt, turns, report);
  if (page.before === Infinity && !page.hasOlder) checkCounts(known, page, report);
}

type Report = (kind: string, text: string) => void;

/** Checks one turn. @returns its attempt, if its reply tells. */
function checkTurn(
  known: readonly Attempt[],
  [prompt, reply]: readonly Message[],
  { page, report }: { page: ReadPage; report: Report },
): Attempt | undefined {
  const candidates = known.filter((attempt) => attempt.prompt === prompt?.content);
  if (candidates.length === 0) report('unknown prompt', `“${prompt?.content}”`);
  const isForgotten = candidates.every(({ gone }) => gone && gone.at < page.from);
  if (candidates.length > 0 && isForgotten) {
    report(`${candidates[0]?.gone?.why} turn is shown`, `“${prompt?.content}”`);
  }
  if (!reply) return undefined;
  const attempt = candidates.find((candidate) => candidate.reply === reply.content);
  if (!attempt) {
    const isStillWritten = candidates.some(({ storedAt = Infinity }) => storedAt >= page.from);
    if (known.some((other) => other.reply === reply.content)) report('reply to another prompt', reply.content);
    else if (reply.status !== 'partial' || !isStillWritten) report('torn reply', `${reply.content.length} characters`);
    return undefined;
  }
  if (attempt.gone && attempt.gone.at < page.from && !isForgotten)
    report(`${attempt.gone.why} turn is shown`, attempt.prompt);
  const { expiresAt = Infinity, storedAt } = attempt;
  if (storedAt !== undefined && expiresAt + CLOCK_MARGIN < page.from) report('expired turn is shown', attempt.prompt);
  if (attempt.status && (reply.status === 'partial') !== (attempt.status === 'partial')) {
    report('torn reply', `status ${reply.status} of “${attempt.prompt}”`);
  }
  return attempt;
}

function checkNumbers({ turns, before }: ReadPage, report: Report): void {
  const ids = turns.flatMap(({ messages }) => messages.map(({ id }) => id));
  if (new Set(ids).size < ids.length) report('doubled id', ids.join(', '));
  const numbers = turns.map(({ number }) => number);
  if (numbers.some((number, index) => number >= (numbers[index + 1] ?? before))) {
    report('wrong order', `numbers ${numbers.join(', ')}`);
  }
}

/** A turn that ended before another was asked for comes before it, and no reply comes twice. */
function checkOrder(shown: readonly { number: number; attempt: Attempt }[], report: Report): void {
  if (new Set(shown.map(({ attempt }) => attempt)).size < shown.length) report('doubled reply', '');
  for (const [index, later] of shown.entries()) {
    const wrong = shown.slice(0, index).find(({ attempt }) => later.attempt.storedAt! < attempt.calledAt);
    if (wrong) report('wrong order', `“${later.attempt.prompt}” after “${wrong.attempt.prompt}”`);
  }
}

/** Whether a page must have a turn: its end was acknowledged before, and it has not gone. */
function isRequired(attempt: Attempt, { from, to, turns, before, hasOlder }: ReadPage): boolean {
  const { storedAt = Infinity, number = 0, gone, expiresAt = Infinity } = attempt;
  const lowest = hasOlder ? (turns[0]?.number ?? Infinity) : 0;
  const isInPage = number >= lowest && number < before;
  return storedAt < from && isInPage && (!gone || gone.at >= to) && expiresAt - CLOCK_MARGIN > to;
}

function requireShown({ number, prompt, reply, status }: Attempt, turns: readonly StoredTurn[], report: Report): void {
  const found = turns.find((turn) => turn.number === number)?.messages;
  if (!found) return report('lost turn', `“${prompt}”, number ${number}`);
  const isOther = found[0]?.content !== prompt || (status !== 'failed' && !found[1]);
  return isOther ? report('lost reply', `“${prompt}”, number ${number}: “${reply.slice(0, 20)}”`) : undefined;
}

/** Every prompt is there as often as turns of it have begun. */
function checkCounts(known: readonly Attempt[], page: ReadPage, report: Report): void {
  for (const prompt of new Set(known.map((attempt) => attempt.prompt))) {
    const attempts = known.filter((attempt) => attempt.prompt === prompt);
    const least = attempts.filter((attempt) => mustHaveBegun(attempt, page)).length;
    const most = attempts.filter((attempt) => mayHaveBegun(attempt, page) || isTakenOver(attempt, attempts)).length;
    const count = page.turns.filter(({ messages }) => messages[0]?.content === prompt).length;
    if (count < least) report('lost prompt', `“${prompt}”: ${count} of ${least}`);
    if (count > most) {
      report(nameSurplus(attempts, page.from), `“${prompt}”: ${count}, at most ${most}`);
    }
  }
}

/** Why there is a turn too many. */
function nameSurplus(attempts: readonly Attempt[], from: number): string {
  const refused = attempts.find(
    ({ outcome, appliedAt = 0, knownAt = Infinity }) => outcome === 'refused' && appliedAt > knownAt,
  );
  const gone = attempts.find((attempt) => attempt.gone && attempt.gone.at < from)?.gone;
  if (!refused) return gone ? `${gone.why} turn is shown` : 'doubled turn';
  return refused.refusal === 'Chat not found' ? 'turn of a begin that got 404' : 'turn of a refused begin';
}

function mustHaveBegun({ outcome, knownAt = Infinity, gone, expiresAt = Infinity }: Attempt, page: ReadPage): boolean {
  const isAlive = (!gone || gone.at >= page.to) && expiresAt - CLOCK_MARGIN > page.to;
  return outcome === 'begun' && knownAt < page.from && isAlive;
}

/**
 * Whether a turn may have been ended as dead while its process stood still, and its key taken over. Then it is refused
 * while the other turn runs, and gets its reply later.
 */
function isTakenOver(attempt: Attempt, sameKey: readonly Attempt[]): boolean {
  const { outcome, appliedAt = Infinity, knownAt = Infinity } = attempt;
  const hasOther = sameKey.some((other) => other !== attempt && other.outcome === 'begun');
  return hasOther && appliedAt <= knownAt && (outcome === 'replayed' || outcome === 'refused');
}

function mayHaveBegun(attempt: Attempt, { from, to }: ReadPage): boolean {
  const { outcome, knownAt = Infinity, calledAt, gone } = attempt;
  if (calledAt > to || (gone && gone.at < from)) return false;
  return outcome === 'begun' || outcome === 'unknown' || knownAt >= from;
}

/** The texts of turns, short. */
function describeTurns(turns: readonly StoredTurn[]): string {
  const describe = ({ content, status }: Message) => [content.slice(0, 24), status].filter(Boolean).join(':');
  return (
    turns.map(({ number, messages }) => `${number} [${messages.map(describe).join(' | ')}]`).join(', ') || 'nothing'
  );
}
