import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { AgentFailedError, AgentTimeoutError, AgentUnavailableError } from '../agent/agent.errors.js';
import { TurnStoppedError } from '../model/chat.errors.js';
import { isChatId } from '../model/chat-id.js';
import { ReplyText } from '../model/reply-text.js';
import { toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoOpenTurns, type OpenTurnRead, type StoredTurnEnd } from '../storage/dynamo-open-turns.js';
import { LiveTurn } from './live-turn.js';
import { LiveTurns } from './live-turns.js';
import type { StreamedReply } from './reply.js';
import { RunningTurns } from './running-turns.js';
import { toStoreDeadline, within } from './turn-deadline.js';
import { TurnTimes } from './turn-times.js';

/** Shows running turns to readers that come later. */
@Injectable()
export class ResumeService {
  constructor(
    private readonly live: LiveTurns,
    private readonly openTurns: DynamoOpenTurns,
    private readonly running: RunningTurns,
    private readonly times: TurnTimes,
  ) {}

  /**
   * Shows the running turn of a chat from its start. A turn of this process is shown as it happens, another one as soon as it
   * is stored.
   *
   * @param observer - gets the start first.
   * @returns undefined if no turn runs, or if there is no such chat. Also if the observer has left before the end.
   * @throws what the turn itself throws; AgentUnavailableError if its process is gone, AgentTimeoutError if the host ends
   * first, and ChatNotFoundError, StorageUnavailableError
   */
  async resume(userId: string, chatId: string, observer: TurnObserver): Promise<StreamedReply | undefined> {
    if (!isChatId(chatId)) return undefined;
    const until = toStoreDeadline(currentRequestContext()?.deadline);
    const limit = { until, late: () => new AgentTimeoutError() };
    const turn = await within(limit, () => this.find(userId, chatId));
    // When the process ends, a turn of this process ends by itself, and may still be stored.
    if (turn instanceof LiveTurn) return within(limit, () => turn.show(observer));
    const { stopping: stop } = this.running;
    return turn && within({ ...limit, stop }, (signal) => this.showStored(userId, turn, observer, signal));
  }

  /** Finds the turn that holds the chat. An earlier one may still run in this process, to be stored. */
  private async find(userId: string, chatId: string): Promise<LiveTurn | OpenTurnRead | undefined> {
    const asking = this.live.findAsking(userId, chatId);
    if (asking) return asking;
    const open = await this.openTurns.find(userId, chatId);
    // It may have begun here while the table was read.
    const live = this.live.findAsking(userId, chatId) ?? (open && (await this.live.get(open.lease)));
    if (live || !open) return live;
    return (await this.openTurns.isStored(userId, open)) ? undefined : open;
  }

  /** @param signal - aborts when the reader has got another end. */
  private async showStored(
    userId: string,
    open: OpenTurnRead,
    observer: TurnObserver,
    signal: AbortSignal,
  ): Promise<StreamedReply | undefined> {
    const text = new ReplyText();
    observer.onStart(open.chat, toTurnIds(open.chat.id, open.number), text);
    const stored = await this.waitForEnd(userId, open, observer, signal);
    signal.throwIfAborted();
    if (!stored) return undefined;

    const reply = stored.messages.find(({ role }) => role === 'assistant');
    text.append(reply?.content ?? '');
    observer.onText();
    if (stored.status === 'stopped') throw new TurnStoppedError();
    const { chat, reason, usage, number } = stored;
    if (!reply || reason === undefined) throw new AgentFailedError();
    const { content, citations = [] } = reply;
    return { text: content, ids: toTurnIds(chat.id, number), citations, reason, usage, chat, isReplay: false };
  }

  /** Waits until a turn is stored, or its lease is over. @returns undefined if the observer has left. */
  private async waitForEnd(
    userId: string,
    open: OpenTurnRead,
    { left }: TurnObserver,
    signal: AbortSignal,
  ): Promise<StoredTurnEnd | undefined> {
    let { until } = open;
    for (;;) {
      await wait(this.times.stopPoll, undefined, { signal: left }).catch(() => undefined);
      if (left.aborted) return undefined;
      signal.throwIfAborted();
      // A table that fails now is read again later.
      const running = await this.openTurns.look(userId, open).catch(() => ({ until }));
      until = running?.until ?? 0;
      if (Date.now() >= until) break;
    }
    const stored = await this.openTurns.findStored(userId, open, Date.now() + this.times.storedRead);
    if (!stored) throw new AgentUnavailableError();
    return stored;
  }
}
