import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { currentRequestContext } from '../../common/request-context.js';
import { AgentFailedError, AgentTimeoutError, AgentUnavailableError } from '../agent/agent.errors.js';
import { TurnStoppedError } from '../model/chat.errors.js';
import { isChatId } from '../model/chat-id.js';
import { ReplyText } from '../model/reply-text.js';
import { toTurnIds } from '../model/turn-ids.js';
import type { TurnObserver } from '../model/turn-observer.js';
import { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import { DynamoOpenTurns, type OpenTurnRead, type StoredTurnEnd } from '../storage/dynamo-open-turns.js';
import { LiveTurns } from './live-turns.js';
import type { StreamedReply } from './reply.js';
import { RunningTurns } from './running-turns.js';
import { toStoreDeadline } from './turn-deadline.js';
import { TurnTimes } from './turn-times.js';

/** Shows running turns to readers that come later. */
@Injectable()
export class ResumeService {
  constructor(
    private readonly live: LiveTurns,
    private readonly openTurns: DynamoOpenTurns,
    private readonly history: DynamoHistoryRepository,
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
    const open = this.live.find(userId, chatId) ? undefined : await this.openTurns.find(userId, chatId);
    // It may have begun here while the table was read.
    const turn = this.live.find(userId, chatId);
    if (turn) {
      turn.attach(observer);
      return turn.ended;
    }
    return open && this.showStored(userId, open, observer);
  }

  private async showStored(
    userId: string,
    open: OpenTurnRead,
    observer: TurnObserver,
  ): Promise<StreamedReply | undefined> {
    const text = new ReplyText();
    observer.onStart(open.chat, toTurnIds(open.chat.id, open.number), text);
    const stored = await this.waitForEnd(userId, open, observer);
    if (!stored) return undefined;

    const reply = stored.messages.find(({ role }) => role === 'assistant');
    text.append(reply?.content ?? '');
    observer.onText();
    if (stored.status === 'stopped') throw new TurnStoppedError();
    const { reason, usage, number } = stored;
    if (!reply || reason === undefined) throw new AgentFailedError();
    const { chat } = await this.history.getNewest(userId, open.chat.id, 1);
    const { content, citations = [] } = reply;
    return { text: content, ids: toTurnIds(chat.id, number), citations, reason, usage, chat, isReplay: false };
  }

  /** Waits until a turn has left its chat, or its lease is over. @returns undefined if the observer has left. */
  private async waitForEnd(
    userId: string,
    open: OpenTurnRead,
    observer: TurnObserver,
  ): Promise<StoredTurnEnd | undefined> {
    const hostDeadline = toStoreDeadline(currentRequestContext()?.deadline);
    const { lease, chat } = open;
    let { until } = open;
    for (;;) {
      await wait(this.times.stopPoll);
      if (!observer.isConnected) return undefined;
      this.running.stopping.throwIfAborted();
      // A table that fails now is read again later.
      const held = await this.openTurns.isHeld(userId, chat.id, lease).catch(() => ({ until }));
      until = held?.until ?? 0;
      if (Date.now() >= until) break;
      if (Date.now() >= hostDeadline) throw new AgentTimeoutError();
    }
    const stored = await this.openTurns.findStored(userId, chat.id, open);
    if (!stored) throw new AgentUnavailableError();
    return stored;
  }
}
