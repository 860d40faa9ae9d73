import type { SessionTerms, TurnSession } from '../../model/turn.js';
import type { HeadItem, OpenTurn, SessionAttribute } from './head-item.js';

/** A session counts as forgotten this long before its time, because clocks differ and the prompt needs a while. */
const MARGIN_MILLISECONDS = 10_000;

/** The head's session if the agent surely remembers it to the end of the turn, else a new one, named by the lease. */
export function toTurnSession({ session }: HeadItem, open: OpenTurn, terms: SessionTerms): TurnSession {
  const { attributeNames = [] } = terms;
  // The agent must not know the turns that are replaced.
  if (open.replaces !== undefined || !session || !isContinued(session, open, terms)) {
    return { generation: open.lease, isNew: true, since: open.at, attributeNames };
  }
  return { generation: session.gen, isNew: false, since: session.since ?? session.at, attributeNames };
}

/** What the head keeps of a session after a turn. @param agent - its name. @param now - epoch milliseconds. */
export function toSessionAttribute(session: TurnSession, agent: string, now: number): SessionAttribute {
  const { generation: gen, since, attributeNames } = session;
  const attributes = attributeNames.length > 0 && { attributes: attributeNames };
  return { gen, at: new Date(now).toISOString(), since, agent, ...attributes };
}

function isContinued(session: SessionAttribute, { until }: OpenTurn, terms: SessionTerms): boolean {
  const { at, since = at, agent, attributes = [] } = session;
  const { memory, attributeNames = [] } = terms;
  const isOwn = agent === undefined ? memory.ownsUnnamedSessions : agent === memory.agent;
  const hasAllAttributes = attributes.every((name) => attributeNames.includes(name));
  // A turn renews the idle time, but not the age: the session must not die of it while the turn runs.
  const isAlive =
    isYounger(at, memory.idleSeconds, Date.now()) && isYounger(since, memory.maxSeconds ?? Infinity, until);
  return isOwn && hasAllAttributes && isAlive;
}

/** @param then - epoch milliseconds. */
function isYounger(time: string, seconds: number, then: number): boolean {
  return then - Date.parse(time) < seconds * 1000 - MARGIN_MILLISECONDS;
}
