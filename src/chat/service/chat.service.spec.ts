import { describe, expect, it } from '@jest/globals';
import { runWithRequestContext } from '../../common/request-context.js';
import type { LimitSettings } from '../../config/settings.js';
import type { AgentSettings } from '../../config/agent-settings.js';
import type { TurnQuota } from '../../usage/turn-quota.js';
import type { AgentProvider } from '../agent/agent.js';
import type { DynamoChatRepository } from '../storage/dynamo-chat.repository.js';
import type { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import type { DynamoOpenTurns } from '../storage/dynamo-open-turns.js';
import type { DynamoTurnStop } from '../storage/dynamo-turn-stop.js';
import { ChatService } from './chat.service.js';
import { LiveTurns } from './live-turns.js';
import { RunningTurns } from './running-turns.js';
import type { TurnRunner } from './turn-runner.js';
import { TurnSupersession } from './turn-supersession.js';
import { TurnTimes } from './turn-times.js';

const REQUEST = { prompt: 'hello', chatId: undefined, key: undefined };

/** A service of which every turn ends when it begins. @returns the deadline of a turn, in milliseconds from now. */
async function getTimeLeft(timeLimit: number, timeoutMilliseconds?: number): Promise<number> {
  let deadline = 0;
  const chats = {
    begin: async (_userId: string, _request: object, begin: { deadline: number }) => {
      deadline = begin.deadline;
      throw new Error('not begun');
    },
  };
  const times = new TurnTimes();
  const running = new RunningTurns(times);
  const live = new LiveTurns(running, {} as DynamoTurnStop, times);
  const service = new ChatService(
    { consume: (_userId: string, _turn: object, begin: () => Promise<unknown>) => begin() } as unknown as TurnQuota,
    {} as AgentProvider,
    chats as unknown as DynamoChatRepository,
    {} as TurnRunner,
    {} as DynamoHistoryRepository,
    running,
    live,
    new TurnSupersession(live, {} as DynamoOpenTurns),
    { timeoutMilliseconds } as AgentSettings,
    {} as LimitSettings,
  );
  await expect(service.reply('alice', REQUEST, { timeLimit, storeLimit: 0, attributes: {} })).rejects.toThrow(
    'not begun',
  );
  return deadline - Date.now();
}

describe('the time that a turn may take', () => {
  it.each([
    ['the limit of the caller', undefined, undefined, 300_000],
    ['AGENT_TIMEOUT_MS, if it is set', 900_000, undefined, 900_000],
    ['AGENT_TIMEOUT_MS, if it is set to less', 200_000, undefined, 200_000],
    ['what Lambda leaves, less 4 s', 900_000, 104_000, 100_000],
  ])('is %s', async (_name, timeout, hostLimit, expected) => {
    const context = { requestId: 'test', ...(hostLimit !== undefined && { deadline: Date.now() + hostLimit }) };
    const timeLeft = await runWithRequestContext(context, () => getTimeLeft(300_000, timeout));
    expect(timeLeft).toBeLessThanOrEqual(expected);
    expect(timeLeft).toBeGreaterThan(expected - 60_000);
  });
});
