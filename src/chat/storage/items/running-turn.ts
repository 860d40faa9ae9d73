import type { RunningTurn, SessionTerms } from '../../model/turn.js';
import { type HeadItem, type OpenTurn, toStoredChat } from './head-item.js';
import { listNewestKeys, listStaleKeys } from './remembered-keys.js';
import { toTurnSession } from './session-attribute.js';
import { findLastTime } from './stored-times.js';

/** The turn that has just begun, from the head as begin has written it. */
export function toRunningTurn(head: HeadItem, open: OpenTurn, terms: SessionTerms): RunningTurn {
  return {
    chat: toStoredChat(head),
    number: head.turns ?? 1,
    lease: open.lease,
    prompt: open.prompt,
    at: open.at,
    storeUntil: open.until,
    replaces: open.replaces,
    session: toTurnSession(head, open, terms),
    headAtBegin: { lastTime: findLastTime(head), keys: listNewestKeys(head), staleKeys: listStaleKeys(head) },
  };
}
