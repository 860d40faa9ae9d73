import type { RunningTurn, TurnSession } from '../../model/turn.js';
import { type HeadItem, type OpenTurn, toStoredChat } from './head-item.js';
import { listNewestKeys, listStaleKeys } from './remembered-keys.js';
import { findLastTime } from './stored-times.js';

/** A session counts as forgotten this long before its time, because clocks differ and a turn takes a while. */
const SESSION_MARGIN_MILLISECONDS = 10_000;

/**
 * The turn that has just begun, from the head as begin has written it.
 *
 * @param sessionTtlSeconds - how long the agent remembers an unused session.
 */
export function toRunningTurn(head: HeadItem, open: OpenTurn, sessionTtlSeconds: number): RunningTurn {
  return {
    chat: toStoredChat(head),
    number: head.turns ?? 1,
    lease: open.lease,
    prompt: open.prompt,
    at: open.at,
    session: toSession(head, open, sessionTtlSeconds),
    headAtBegin: { lastTime: findLastTime(head), keys: listNewestKeys(head), staleKeys: listStaleKeys(head) },
  };
}

/** The head's session if the agent surely remembers it, else a new session that is named by the lease. */
function toSession({ session }: HeadItem, { lease }: OpenTurn, ttlSeconds: number): TurnSession {
  const age = session ? Date.now() - Date.parse(session.at) : Infinity;
  const isLive = age < ttlSeconds * 1000 - SESSION_MARGIN_MILLISECONDS;
  return session && isLive ? { generation: session.gen, isNew: false } : { generation: lease, isNew: true };
}
