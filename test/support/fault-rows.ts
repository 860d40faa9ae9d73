import type { EndReason } from '../../src/chat/model/chat.js';
import type { Unreachable } from './unreachable.js';

/** The kinds of agents, as docs/agents.md names them. */
export type AgentName = 'Bedrock Agents' | 'AgentCore harness' | 'Bedrock Converse';

export const CLASSIC = ['Bedrock Agents'] as const;
export const HARNESS = ['AgentCore harness'] as const;
export const CONVERSE = ['Bedrock Converse'] as const;
/** The agents whose replies are streams of messages. */
export const MESSAGES = [...HARNESS, ...CONVERSE] as const;
export const AGENT_NAMES: readonly AgentName[] = [...CLASSIC, ...MESSAGES];

/** What a caller gets for a turn, and what the agent and the table have seen of it. */
export interface FaultOutcome {
  readonly status: number;
  /** The `error` of the response; absent if there is a reply after all. */
  readonly error?: string;
  /** The `finishReason` of a reply with status 200. */
  readonly finishReason?: EndReason;
  /** How the turn is stored. */
  readonly stored: 'done' | 'partial' | 'failed';
  /** How often the agent was invoked for it. */
  readonly invocations: number;
}

/** Where in the agent's stream a fault comes: instead of it, as its first event, or after some text. */
export type FaultPlace = 'before' | 'at' | 'after';

/** A fault at a place, with the words that make an emulated agent do it. */
interface PlacedFault {
  readonly fault: string;
  readonly place: FaultPlace;
  /** Part of the prompt. Empty if the agent cannot cause the fault. */
  readonly directive: string;
  /** The agent runs, but cannot be reached. */
  readonly unreachable?: Unreachable;
}

/** A row of the matrix. An agent without an outcome has no such fault. */
export interface FaultRow extends PlacedFault {
  readonly outcomes: Readonly<Partial<Record<AgentName, FaultOutcome>>>;
}

/** A cell of the matrix: one fault of one agent. */
export interface FaultCase extends PlacedFault, FaultOutcome {
  readonly agent: AgentName;
}

/** Text that came before a fault is kept as a part of a reply. */
const KEPT: Readonly<Record<FaultPlace, FaultOutcome['stored']>> = { before: 'failed', at: 'failed', after: 'partial' };

type Result = Omit<FaultOutcome, 'stored' | 'invocations'> & Partial<Pick<FaultOutcome, 'stored'>>;

export const busy = { status: 429, error: 'The agent is busy' };
export const unavailable = { status: 503, error: 'The agent is unavailable' };
export const failed = { status: 502, error: 'The agent failed' };
export const tookTooLong = { status: 504, error: 'The agent took too long' };
export const replied = (finishReason: EndReason): Result => {
  const stored = finishReason === 'stop' || finishReason === 'content-filter' ? 'done' : 'partial';
  return { status: 200, finishReason, stored };
};

interface FaultOptions {
  /** How often an agent is asked that refuses the turn. */
  readonly attempts?: number;
  /** The agents that have the fault. */
  readonly agents?: readonly AgentName[];
  /** The agents with another result. */
  readonly others?: Readonly<Partial<Record<AgentName, Result>>>;
}

/** A fault at all the places where it can be. */
export function fault(
  name: string,
  result: Result,
  directives: Partial<Record<FaultPlace, string>>,
  { attempts = 1, agents = AGENT_NAMES, others = {} }: FaultOptions = {},
): FaultRow[] {
  return (Object.entries(directives) as [FaultPlace, string][]).map(([place, directive]) => {
    const invocations = place === 'before' ? attempts : 1;
    const toOutcome = (agent: AgentName): FaultOutcome => ({
      stored: KEPT[place],
      invocations,
      ...(others[agent] ?? result),
    });
    const outcomes = Object.fromEntries(agents.map((agent) => [agent, toOutcome(agent)]));
    return { fault: name, place, directive: `[[fault ${directive}]]`, outcomes };
  });
}

/** No connection to the agent comes about. */
export function noConnection(words: string, unreachable: Unreachable): FaultRow {
  const outcome = { ...unavailable, stored: 'failed', invocations: 0 } as const;
  const outcomes = Object.fromEntries(AGENT_NAMES.map((agent) => [agent, outcome]));
  return { fault: words, place: 'before', directive: '', unreachable, outcomes };
}

/** An exception of the API: as the status of the response, as the first event of the stream, and later in it. */
export function exception(
  words: string,
  result: Result,
  { status, name, ...options }: FaultOptions & { readonly status: number; readonly name: string },
): FaultRow[] {
  const { attempts = 1 } = options;
  const times = attempts > 1 ? ` times=${attempts}` : '';
  const directives = {
    before: `http-error status=${status} exception=${name}${times}`,
    at: `stream-exception exception=${name} after=0`,
    after: `stream-exception exception=${name} after=2`,
  };
  return fault(`${words} (\`${name}\`)`, result, directives, options);
}

/** An exception that the SDK yields as an event, as the first event of the stream, and later in it. */
export function exceptionEvent(words: string, name: string, agents: readonly AgentName[]): FaultRow[] {
  const directives = {
    at: `exception-event exception=${name} after=0`,
    after: `exception-event exception=${name} after=2`,
  };
  return fault(`${words}, as an event (\`${name}\`)`, failed, directives, { agents });
}

/** A whole text that ends for these reasons. */
export function stops(result: Result, reasons: readonly string[], agents: readonly AgentName[] = MESSAGES): FaultRow[] {
  return reasons.flatMap((reason) =>
    fault(`stop reason \`${reason}\``, result, { after: `stop-reason reason=${reason}` }, { agents }),
  );
}

/** A message without text that ends for this reason. */
export function noText(words: string, reason: string): FaultRow[] {
  return fault(words, failed, { at: `stop-reason reason=${reason} after=0` }, { agents: MESSAGES });
}
