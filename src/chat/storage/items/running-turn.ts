import type { AgentMemory, RunningTurn, TurnSession } from '../../model/turn.js';
import { type HeadItem, type OpenTurn, type SessionAttribute, toStoredChat } from './head-item.js';
import { listNewestKeys, listStaleKeys } from './remembered-keys.js';
import { findLastTime } from './stored-times.js';

/** A session counts as forgotten this long before its time, because clocks differ and a turn takes a while. */
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

/** The head's session if the agent surely remembers it, else a new session that is named by the lease. */
function toSession({ session }: HeadItem, { lease, at }: OpenTurn, memory: AgentMemory): TurnSession {
  if (!session || !isRemembered(session, memory)) return { generation: lease, isNew: true, since: at };
  return { generation: session.gen, isNew: false, since: session.since ?? session.at };
}

function isRemembered({ at, since, agent }: SessionAttribute, memory: AgentMemory): boolean {
  const { idleSeconds, maxSeconds = Infinity, ownsUnnamedSessions } = memory;
  const isOwn = agent === undefined ? ownsUnnamedSessions : agent === memory.agent;
  return isOwn && isYounger(at, idleSeconds) && isYounger(since ?? at, maxSeconds);
}

function isYounger(time: string, seconds: number): boolean {
  return Date.now() - Date.parse(time) < seconds * 1000 - SESSION_MARGIN_MILLISECONDS;
}
