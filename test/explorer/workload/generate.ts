import { seededRandom } from '../../support/seeded-random.js';
import type { Fault, Faults } from '../world/faults.js';
import { FULL_TURNS } from './legacy-chats.js';
import type { Action, ChatPlan, Schedule, Step } from './schedule.js';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
/** Attempts of a step that may have a fault. */
const FAULTY_ATTEMPTS = 14;
/** For other rows of draws. */
const REPLACING = 2_000_003;
const FULL = 4_000_037;
/** Two items and three items. */
const LARGE_REPLY_BYTES = [310_000, 700_000];
/** More than fits into the head beside what a begin adds. */
const FULL_HEAD_BYTES = 409_000;

/** Draws from a seeded generator. */
class Draw {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T;
  }

  /** Draws by weight. */
  weighted<T>(values: readonly (readonly [number, T])[]): T {
    let left = this.random() * values.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of values) {
      left -= weight;
      if (left < 0) return value;
    }
    return values[0]?.[1] as T;
  }
}

/** What kind of schedule it is: most look at one thing, so that it happens often enough. */
interface Mood {
  readonly faultChance: number;
  readonly hasExpiry: boolean;
  readonly isCrowded: boolean;
}

/** Draws a schedule. The same seed gives the same schedule. */
export function generateSchedule(seed: number): Schedule {
  const draw = new Draw(seed);
  const mood: Mood = {
    faultChance: draw.oneOf([0, 0.05, 0.15, 0.35]),
    hasExpiry: draw.chance(0.2),
    isCrowded: draw.chance(0.6),
  };
  const clocksApart = draw.chance(0.5);
  const chats = drawChats(draw);
  const midnight = Math.floor(Date.UTC(2027, 0, 16));
  const schedule = {
    seed,
    start: draw.chance(0.1) ? midnight - draw.int(0, 10 * SECOND) : Date.UTC(2027, 0, 15, 10, 0, draw.int(0, 59)),
    clocks: [0, 1, 2].map(() => (clocksApart ? draw.oneOf([0, -6, 6, draw.int(-6, 6)]) * SECOND : 0)),
    ttlDays: mood.hasExpiry ? draw.oneOf([0, 1, 1, 2]) : draw.oneOf([0, 30]),
    turnsPerMinute: draw.chance(0.2) ? draw.int(1, 3) : 0,
    turnsAtOnce: draw.chance(0.2) ? draw.int(1, 3) : 0,
    chats,
    steps: replaceTurns(drawSteps(draw, chats, mood), new Draw(seed + REPLACING)),
  };
  return mood.hasExpiry ? schedule : fillHead(schedule, new Draw(seed + FULL));
}

function drawChats(draw: Draw): ChatPlan[] {
  const legacyBytes = draw.chance(0.04) ? draw.oneOf([200, FULL_HEAD_BYTES]) : 0;
  const first = { user: 'alice', openingKey: draw.chance(0.6) && legacyBytes === 0 ? 'open' : undefined, legacyBytes };
  if (draw.chance(0.75)) return [first];
  return [first, { user: draw.oneOf(['alice', 'bob']), openingKey: draw.oneOf([undefined, 'other']), legacyBytes: 0 }];
}

function drawSteps(draw: Draw, chats: readonly ChatPlan[], mood: Mood): Step[] {
  const count = draw.int(3, 13);
  const steps: Step[] = [];
  let at = 0;
  for (let id = 1; id <= count; id += 1) {
    const action = id <= chats.length ? drawTurn(draw, chats, id - 1, true) : drawAction(draw, chats, mood);
    steps.push({ id, at, process: draw.int(0, 2), action, faults: drawFaults(draw, mood.faultChance) });
    at += drawGap(draw, mood);
  }
  return steps;
}

/** Makes turns that replace others of some turns. It draws by itself, so that all other steps stay what they are. */
function replaceTurns(steps: readonly Step[], draw: Draw): Step[] {
  return steps.map((step) => {
    if (step.action.do !== 'turn' || step.action.opens || !draw.chance(0.25)) return step;
    // Some processes die between the writes of such a turn.
    const crash: Faults = draw.chance(0.4) ? { [draw.int(3, 5)]: { kind: 'crash before' } } : {};
    return { ...step, action: { ...step.action, keptUntil: draw.int(0, 3) }, faults: { ...step.faults, ...crash } };
  });
}

/** Gives a full head to the first chat of some schedules. Its later turns replace the turns after its first ones. */
function fillHead(schedule: Schedule, draw: Draw): Schedule {
  const [first, ...others] = schedule.chats;
  if (!first || !draw.chance(0.05)) return schedule;
  const full = { ...first, openingKey: undefined, legacyBytes: 200, isFull: true };
  const steps = schedule.steps.map((step) => {
    if (step.action.do !== 'turn' || step.action.chat !== 0) return step;
    const keptUntil = step.id > 2 && draw.chance(0.5) ? FULL_TURNS + draw.int(1, 2) : undefined;
    return { ...step, action: { ...step.action, opens: false, keptUntil } };
  });
  return { ...schedule, chats: [full, ...others], steps };
}

function drawGap(draw: Draw, { hasExpiry, isCrowded }: Mood): number {
  return draw.weighted([
    [isCrowded ? 8 : 2, draw.int(0, 12)],
    [3, draw.int(0, 3 * SECOND)],
    [2, draw.int(3 * SECOND, 50 * SECOND)],
    [1, draw.int(50 * SECOND, 400 * SECOND)],
    [hasExpiry ? 5 : 0, draw.oneOf([0.5, 1, 1, 2]) * DAY + draw.int(-20 * SECOND, 20 * SECOND)],
  ]);
}

function drawAction(draw: Draw, chats: readonly ChatPlan[], { hasExpiry }: Mood): Action {
  const chat = draw.int(0, chats.length - 1);
  const owner = chats[chat]?.user ?? '';
  const user = draw.chance(0.94) ? owner : 'mallory';
  const kind = draw.weighted([
    [10, 'turn'],
    [4, 'read'],
    [1, 'list'],
    [1.5, 'rename'],
    [1.3, 'delete'],
    [0.4, 'delete all'],
    [hasExpiry ? 4 : 0, 'expire'],
    [hasExpiry ? 2 : 0, 'set ttl'],
    [1, 'crash'],
    [0.5, 'freeze'],
  ] as const);
  switch (kind) {
    case 'turn':
      return { ...drawTurn(draw, chats, chat, draw.chance(hasExpiry ? 0.5 : 0.3)), user };
    case 'read':
      return { do: kind, user, chat, limit: draw.oneOf([1000, 1000, 2, 4]) };
    case 'list':
      return { do: kind, user: owner, limit: draw.oneOf([1, 20]) };
    case 'rename':
      return { do: kind, user, chat };
    case 'delete':
      return { do: kind, user, chat, evenIfExpired: draw.chance(0.2) };
    case 'delete all':
      return { do: kind, user: owner };
    case 'expire':
      return { do: kind, which: draw.oneOf(['all', 'heads', 'turns']) };
    case 'set ttl':
      return { do: kind, days: draw.oneOf([0, 1, 2, 30]) };
    case 'crash':
      return { do: kind };
    case 'freeze':
      break;
  }
  return { do: kind, milliseconds: draw.oneOf([2, 60]) * SECOND };
}

function drawTurn(draw: Draw, chats: readonly ChatPlan[], chat: number, opens: boolean): Action & { do: 'turn' } {
  const plan = chats[chat];
  const isOpening = opens && plan?.legacyBytes === 0;
  const key = isOpening ? plan.openingKey : draw.oneOf([undefined, undefined, 'a', 'a', 'b']);
  return {
    do: 'turn',
    user: plan?.user ?? '',
    chat,
    opens: isOpening,
    key,
    hasOtherPrompt: key !== undefined && draw.chance(0.05),
    agentMilliseconds: draw.weighted([
      [5, draw.int(0, 10)],
      [3, draw.int(10, 3 * SECOND)],
      [1, draw.int(3 * SECOND, 60 * SECOND)],
    ]),
    outcome: draw.weighted([
      [6, 'done'],
      [1.5, 'partial'],
      [1, 'failed'],
      [1.5, 'vanishes'],
    ]),
    replyBytes: draw.chance(0.05) ? draw.oneOf(LARGE_REPLY_BYTES) : 0,
    timeLimit: draw.oneOf([25, 25, 290]) * SECOND,
  };
}

function drawFaults(draw: Draw, chance: number): Faults {
  const faults: Record<number, Fault> = {};
  for (let attempt = 0; attempt < FAULTY_ATTEMPTS; attempt += 1) {
    if (draw.chance(chance)) faults[attempt] = drawFault(draw);
  }
  // Two attempts in a row are a call that fails, though it may arrive.
  const first = draw.int(0, 4);
  if (draw.chance(chance)) faults[first] = faults[first + 1] = drawOutage(draw);
  // The table refuses everything for seconds or minutes.
  const calls = draw.chance(chance / 4) ? draw.int(4, 60) : 0;
  for (let attempt = first; attempt < first + calls; attempt += 1) faults[attempt] = { kind: 'throttled' };
  return faults;
}

function drawOutage(draw: Draw): Fault {
  const kind = draw.oneOf(['slow request', 'slow request', 'reply lost', 'request lost', 'throttled'] as const);
  return kind === 'slow request' ? { kind, milliseconds: draw.int(1_600, 60 * SECOND) } : { kind };
}

function drawFault(draw: Draw): Fault {
  const kind = draw.weighted<Fault['kind']>([
    [5, 'slow request'],
    [3, 'slow reply'],
    [4, 'delivered twice'],
    [2, 'request lost'],
    [3, 'reply lost'],
    [2, 'throttled'],
    [0.5, 'crash before'],
    [0.5, 'crash after'],
    [0.3, 'freeze, then reply'],
    [0.3, 'freeze, then timeout'],
    [1, 'unprocessed'],
    [1, 'slow index'],
  ]);
  if (kind === 'slow request' || kind === 'slow reply' || kind === 'delivered twice') {
    const milliseconds = draw.weighted([
      [4, draw.int(0, 20)],
      [2, draw.int(20, 3 * SECOND)],
      [0.5, draw.int(3 * SECOND, 100 * SECOND)],
    ]);
    return { kind, milliseconds };
  }
  if (kind === 'freeze, then reply' || kind === 'freeze, then timeout') return { kind, milliseconds: 60 * SECOND };
  if (kind === 'unprocessed') return { kind, count: draw.int(1, 3) };
  if (kind === 'slow index') return { kind, milliseconds: draw.int(0, SECOND) };
  return { kind };
}
