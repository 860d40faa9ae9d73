import type { TurnOutcome } from '../../../src/chat/model/chat.js';
import { TurnStoppedError } from '../../../src/chat/model/chat.errors.js';
import { toKeyedChatId } from '../../../src/chat/model/keyed-chat-id.js';
import { hasBegun, type Replacement, type RunningTurn } from '../../../src/chat/model/turn.js';
import { DomainError } from '../../../src/common/domain-error.js';
import { BUFFERED_TURN } from '../../../src/config/waits.js';
import type { TakenPlace } from '../../../src/usage/turn-quota.js';
import { TooManyTurnsError } from '../../../src/usage/usage.errors.js';
import { checkFreed, checkRefusal, checkTurnsAtOnce, TOKENS, toQuotaPlace } from '../check/check-quota.js';
import type { Attempt } from '../check/ledger.js';
import { MEMORY } from '../world/service-parts.js';
import type { Action } from './schedule.js';
import type { Run } from './run.js';
import { endTurn, toExpiry } from './turn-end-step.js';

/** More than a reply that is stored in one item. */
const FILLER = 'x';

/** Asks for a turn, as the service does: begin, agent, complete, release. Notes all that the caller sees. */
export async function runTurn(run: Run, step: number, action: Action & { do: 'turn' }): Promise<void> {
  const { parts, world, ledger } = run;
  const { user, key } = action;
  const attempt = toAttempt(run, step, action);
  if (!attempt) return world.note(() => 'has no chat to name yet');
  ledger.attempts.push(attempt);
  const chatId = action.opens ? undefined : attempt.chatId;
  const deadline = Date.now() + action.timeLimit;
  const { timeLimit } = action;
  const place = toQuotaPlace(user, step, world.now);
  ledger.quotaPlaces.push(place);
  const freed: Promise<void>[] = [];
  const onAbandoned = (dead: string) => void freed.push(parts.quota.freeAbandoned(user, dead));
  try {
    const { begun, place: taken } = await parts.quota.consume(user, { deadline, hasBegun }, (lease) =>
      parts.chats.begin(
        user,
        { chatId, key, prompt: attempt.prompt, replacement: toReplacement(action) },
        { deadline, lease, memory: MEMORY, onAbandoned },
      ),
    );
    attempt.knownAt = world.now;
    if (!hasBegun(begun)) {
      attempt.outcome = 'replayed';
      world.note(() => `replay “${begun.message.content.slice(0, 20)}”`);
      return checkReplay(run, attempt, begun.message.content);
    }
    noteBegin(run, attempt, begun);
    checkTurnsAtOnce(run, attempt);
    if (action.opens) run.chatIds[action.chat] = begun.chat.id;
    await world.sleep(Math.max(0, Math.min(action.agentMilliseconds, deadline - Date.now())));
    attempt.endedAt = world.now;
    if (action.outcome === 'vanishes') return world.note(() => 'vanishes');
    const outcome = toOutcome(action, attempt.reply);
    const ending = endTurn(run, attempt, { begun, outcome, deadline, isStream: timeLimit > BUFFERED_TURN });
    const count = async (counted: TakenPlace) => {
      await parts.quota.end(counted, TOKENS);
      checkFreed(run, attempt, counted);
    };
    await Promise.allSettled([ending, taken && count(taken)]);
    await ending;
  } catch (error) {
    if (error instanceof TooManyTurnsError) checkRefusal(run, place);
    noteError(run, attempt, error);
  } finally {
    await Promise.all(freed);
    if (!attempt.task.hasFaults && action.outcome !== 'vanishes') place.freedAt = world.now;
  }
}

function toAttempt(run: Run, step: number, action: Action & { do: 'turn' }): Attempt | undefined {
  const { user, chat, key, opens, hasOtherPrompt, replyBytes, timeLimit } = action;
  const { now: calledAt, running: task } = run.world;
  const plan = run.schedule.chats[chat];
  const isKeyed = opens && key !== undefined;
  const chatId = isKeyed ? toKeyedChatId(user, key) : opens ? undefined : run.chatIds[chat];
  if (chatId === undefined && !opens) return undefined;
  if (isKeyed && user === plan?.user) run.chatIds[chat] = chatId;
  const prompt = `${key === undefined ? `prompt ${step}` : `prompt of key ${key}`}${hasOtherPrompt ? ' changed' : ''}`;
  const reply = `reply ${step}${FILLER.repeat(replyBytes)}`;
  const runsUntil = calledAt + timeLimit;
  return { step, user, prompt, reply, calledAt, task, runsUntil, chatId, outcome: 'unknown', turns: [] };
}

function toReplacement({ keptUntil }: Action & { do: 'turn' }): Replacement | undefined {
  return keptUntil === undefined ? undefined : { kind: 'after', numbers: [keptUntil] };
}

function noteBegin({ world, leastTtlDays }: Run, attempt: Attempt, begun: RunningTurn): void {
  attempt.outcome = 'begun';
  attempt.chatId = begun.chat.id;
  attempt.number = begun.number;
  attempt.replaces = begun.replaces;
  attempt.expiresAt = toExpiry(leastTtlDays);
  world.note(() => `turn ${begun.number} has begun`);
}

function toOutcome({ outcome }: Action & { do: 'turn' }, reply: string): TurnOutcome {
  if (outcome === 'done') return { status: 'done', reply, citations: [], reason: 'stop' };
  return outcome === 'partial' ? { status: 'partial', reply, citations: [] } : { status: 'failed' };
}

function checkReplay({ ledger }: Run, attempt: Attempt, reply: string): void {
  const source = ledger.attemptsOf(attempt.chatId ?? '').find((other) => other.reply === reply);
  if (source?.prompt !== attempt.prompt || source.user !== attempt.user) {
    ledger.report('wrong replay', `“${attempt.prompt}” got “${reply.slice(0, 24)}”`);
  }
  if (source?.gone && source.gone.at < attempt.calledAt) {
    ledger.report(`${source.gone.why} turn is replayed`, `“${attempt.prompt}”`);
  }
}

/** A refusal before the begin says that there is no turn. An error after it is about the end of the turn. */
function noteError(run: Run, attempt: Attempt, error: unknown): void {
  run.world.note(() => `ends with ${String(error)}`);
  if (!(error instanceof DomainError)) {
    run.ledger.report('unexpected error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return;
  }
  if (attempt.outcome === 'begun' || error.kind === 'unavailable') return;
  attempt.outcome = 'refused';
  attempt.refusal = error.message;
  attempt.knownAt = run.world.now;
  if (error instanceof TurnStoppedError) checkStopped(run, attempt);
  else if (error.kind === 'conflict') checkConflict(run, attempt);
  if (error.kind === 'not-found') run.checkNotFound(attempt.user, attempt.chatId ?? '', attempt.calledAt);
}

/** A turn is refused as stopped only if a delete of all chats may have stopped a turn of the chat. */
function checkStopped({ ledger }: Run, { user, chatId = '', prompt }: Attempt): void {
  const hasStopped = ledger.deletesOf(chatId, user).some((change) => change.chatId === undefined);
  if (!hasStopped) ledger.report('refused as stopped although nobody has stopped a turn', `“${prompt}”`);
}

/** A turn is refused as in progress only if another turn may have held the chat meanwhile. */
function checkConflict({ ledger, world }: Run, { chatId = '', calledAt, step, prompt }: Attempt): void {
  const holders = (ledger.holders.get(chatId) ?? []).filter(({ to }) => to >= calledAt);
  if (holders.some((holder) => holder.step !== step && holder.from <= world.now)) return;
  ledger.report(holders.length > 0 ? 'refused by its own turn' : 'refused although the chat is free', `“${prompt}”`);
}
