import type { Message, StoredTurn } from '../../../src/chat/model/chat.js';
import { findReplacing, mayBeReplaced } from './check-replaced.js';
import type { Attempt, Finding, Holder, Ledger } from './ledger.js';

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
  /** {@link Ledger.clockMargin} */
  readonly clockMargin: number;
}

/** A read while a delete runs that is neither the whole chat nor 404. */
const DURING_DELETE = 'read while a delete runs';
const TORN = new Set(['lost turn', 'lost reply', 'lost prompt', 'torn reply']);

/** Checks what a caller has got of a chat: every acknowledged turn once, whole and in order, and nothing else. */
export function checkPage(ledger: Ledger, page: ReadPage): void {
  const { user: reader, chatId, turns } = page;
  const isTorn = ledger.isBeingDeleted(chatId, reader);
  const report: Report = (kind, text, step) =>
    ledger.report(isTorn && TORN.has(kind) ? DURING_DELETE : kind, `${text}; shown: ${describeTurns(turns)}`, step);
  const known = ledger.attemptsOf(chatId).filter(({ user }) => user === reader);
  if (known.length === 0 && turns.some(({ number }) => number > 0)) report('foreign chat', `chat ${chatId}`);

  const shown = turns.flatMap(({ number, messages }) => {
    if (number < 1) return [];
    const attempt = checkTurn(known, messages, { page, report });
    return attempt ? [{ number, attempt }] : [];
  });
  checkNumbers(page, report);
  checkOrder(shown, report);
  checkKeys(shown, report);
  for (const { number } of turns) {
    const replacing = findReplacing(number, known, page.from);
    if (replacing) report('replaced turn is shown', `number ${number}, replaced by “${replacing.prompt}”`);
  }
  for (const attempt of known) {
    if (isRequired(attempt, page) && !mayBeReplaced(attempt, known)) requireShown(attempt, turns, report);
  }
  if (page.before === Infinity && !page.hasOlder) checkCounts(known, page, report);
}

type Report = (kind: string, text: string, step?: number) => void;

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
  if (storedAt !== undefined && expiresAt + page.clockMargin < page.from)
    report('expired turn is shown', attempt.prompt);
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

/** A key gets one whole reply. The run that it was taken from may not store another. Other prompts are never equal. */
function checkKeys(shown: readonly { attempt: Attempt }[], report: Report): void {
  const prompts = shown.filter(({ attempt }) => attempt.status === 'done').map(({ attempt }) => attempt.prompt);
  if (new Set(prompts).size < prompts.length) report('two replies to a key', prompts.join(', '));
}

/** Whether a page must have a turn: its end was acknowledged before, and it has not gone. */
function isRequired(attempt: Attempt, { from, to, turns, before, hasOlder, clockMargin }: ReadPage): boolean {
  const { storedAt = Infinity, number = 0, gone, expiresAt = Infinity } = attempt;
  const lowest = hasOlder ? (turns[0]?.number ?? Infinity) : 0;
  const isInPage = number >= lowest && number < before;
  return storedAt < from && isInPage && (!gone || gone.at >= to) && expiresAt - clockMargin > to;
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
    const least = attempts.filter((attempt) => mustHaveBegun(attempt, page) && !mayBeReplaced(attempt, known)).length;
    const most = attempts.reduce((sum, attempt) => sum + countPossible(attempt, page), 0);
    const count = page.turns.filter(({ messages }) => messages[0]?.content === prompt).length;
    if (count < least) report('lost prompt', `“${prompt}”: ${count} of ${least}`);
    if (count <= most) continue;
    const { kind, step } = nameSurplus(attempts, page.from);
    report(kind, `“${prompt}”: ${count}, at most ${most}`, step);
  }
}

/** Why there is a turn too many, and the step of the begin that has arrived after its refusal. */
function nameSurplus(attempts: readonly Attempt[], from: number): Pick<Finding, 'kind' | 'step'> {
  const refused = attempts.find(
    ({ outcome, appliedAt = 0, knownAt = Infinity }) => outcome === 'refused' && appliedAt > knownAt,
  );
  const gone = attempts.find((attempt) => attempt.gone && attempt.gone.at < from)?.gone;
  if (!refused) return { kind: gone ? `${gone.why} turn is shown` : 'doubled turn' };
  const is404 = refused.refusal === 'Chat not found';
  return { kind: is404 ? 'turn of a begin that got 404' : 'turn of a refused begin', step: refused.step };
}

function mustHaveBegun({ outcome, knownAt = Infinity, gone, expiresAt = Infinity }: Attempt, page: ReadPage): boolean {
  const isAlive = (!gone || gone.at >= page.to) && expiresAt - page.clockMargin > page.to;
  return outcome === 'begun' && knownAt < page.from && isAlive;
}

/**
 * How many turns of an attempt may be there. A turn may be ended as dead while its process stands still. The process then
 * gets the reply of another turn with its key, or is refused while that turn runs, or begins once more.
 */
function countPossible(attempt: Attempt, page: ReadPage): number {
  const { turns, knownAt = Infinity, calledAt, gone } = attempt;
  if (calledAt > page.to || (gone && gone.at < page.from)) return 0;
  const isDead = ({ to, until }: Holder) => to <= knownAt && to > until - page.clockMargin;
  return mayHaveBegun(attempt, page) ? 1 + turns.slice(0, -1).filter(isDead).length : turns.filter(isDead).length;
}

function mayHaveBegun({ outcome, knownAt = Infinity }: Attempt, { from }: ReadPage): boolean {
  return outcome === 'begun' || outcome === 'unknown' || knownAt >= from;
}

/** The texts of turns, short. */
function describeTurns(turns: readonly StoredTurn[]): string {
  const describe = ({ content, status }: Message) => [content.slice(0, 24), status].filter(Boolean).join(':');
  return (
    turns.map(({ number, messages }) => `${number} [${messages.map(describe).join(' | ')}]`).join(', ') || 'nothing'
  );
}
