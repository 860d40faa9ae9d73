import type { AgentMemory, RunningTurn, TurnSession } from '../../model/turn.js';
import { type HeadItem, type OpenTurn, type SessionAttribute, toStoredChat } from './head-item.js';
import { listNewestKeys, listStaleKeys } from './remembered-keys.js';
import { findLastTime } from './stored-times.js';

/** A session counts as forgotten this long before its time, because clocks differ and the prompt needs a while. */
const SESSION_MARGIN_MILLISECONDS = 10_000;

/**
 * The turn that has just begun, from the head as begin has written it.
 *
 * @param memory - what the agent of this turn remembers.
 */
export function toRunningTurn(head: HeadItem, open: OpenTurn, memory: AgentMemory): RunningTurn {
  return {
    chat: toStoredChat(head),
    number: head.turns ?? 1,
    lease: open.lease,
    prompt: open.prompt,
    at: open.at,
    session: toSession(head, open, memory),
    headAtBegin: { lastTime: findLastTime(head), keys: listNewestKeys(head), staleKeys: listStaleKeys(head) },
  };
}

/** The head's session if the agent surely remembers it to the end of the turn, else a new one, named by the lease. */
function toSession({ session }: HeadItem, open: OpenTurn, memory: AgentMemory): TurnSession {
  if (!session || !isRemembered(session, open, memory)) return { generation: open.lease, isNew: true, since: open.at };
  return { generation: session.gen, isNew: false, since: session.since ?? session.at };
}

function isRemembered({ at, since, agent }: SessionAttribute, { until }: OpenTurn, memory: AgentMemory): boolean {
  const { idleSeconds, maxSeconds = Infinity, ownsUnnamedSessions } = memory;
  const isOwn = agent === undefined ? ownsUnnamedSessions : agent === memory.agent;
  // A turn renews the idle time, but not the age: the session must not die of it while the turn runs.
  return isOwn && isYounger(at, idleSeconds, Date.now()) && isYounger(since ?? at, maxSeconds, until);
}

/** @param then - epoch milliseconds. */
function isYounger(time: string, seconds: number, then: number): boolean {
  return then - Date.parse(time) < seconds * 1000 - SESSION_MARGIN_MILLISECONDS;
}
