import { describe, expect, it } from '@jest/globals';
import { runWithRequestContext } from '../../common/request-context.js';
import type { LimitSettings } from '../../config/settings.js';
import type { AgentSettings } from '../../config/agent-settings.js';
import type { DynamoHistoryRepository } from '../storage/dynamo-history.repository.js';
import type { DynamoTurnStop } from '../storage/dynamo-turn-stop.js';
import { ChatService } from './chat.service.js';
import { LiveTurns } from './live-turns.js';
import { RunningTurns } from './running-turns.js';
import type { TurnAdmission } from './turn-admission.js';
import type { TurnRunner } from './turn-runner.js';
import { TurnTimes } from './turn-times.js';

const REQUEST = { prompt: 'hello', chatId: undefined, key: undefined };

/** A service of which every turn ends when it begins. @returns the deadline of a turn, in milliseconds from now. */
async function getTimeLeft(timeLimit: number, timeoutMilliseconds?: number): Promise<number> {
  let deadline = 0;
  const admission = {
    begin: async (_userId: string, _request: object, turn: { deadline: number }) => {
      deadline = turn.deadline;
      throw new Error('not begun');
    },
  };
  const times = new TurnTimes();
  const running = new RunningTurns(times);
  const service = new ChatService(
    admission as unknown as TurnAdmission,
    {} as TurnRunner,
    {} as DynamoHistoryRepository,
    running,
    new LiveTurns(running, {} as DynamoTurnStop, times),
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
