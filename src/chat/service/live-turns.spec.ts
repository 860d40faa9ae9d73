import { setTimeout as wait } from 'node:timers/promises';
import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '../../common/storage.errors.js';
import type { RunningTurn } from '../model/turn.js';
import type { DynamoTurnStop } from '../storage/dynamo-turn-stop.js';
import { LiveTurns } from './live-turns.js';
import { RunningTurns } from './running-turns.js';
import { TurnTimes } from './turn-times.js';

class FastTimes extends TurnTimes {
  override readonly stopPoll = 5;
}

const BEGUN = { chat: { id: 'chat' }, number: 1, lease: 'lease' } as RunningTurn;

describe('the looks for stopped turns', () => {
  afterEach(() => Logger.overrideLogger(false));

  it('go on after a failure, which is one warning for the process and names no turn', async () => {
    const lines: unknown[] = [];
    Logger.overrideLogger({ warn: (line: unknown) => void lines.push(line) } as unknown as LoggerService);
    const looks: string[] = [];
    const stops = {
      findStopped: async () => {
        looks.push('look');
        throw new StorageUnavailableError({ reason: 'it denies access' });
      },
    };
    const times = new FastTimes();
    const live = new LiveTurns(new RunningTurns(times), stops as unknown as DynamoTurnStop, times);
    const running = live.run('user', BEGUN, undefined, async () => {
      while (looks.length < 3) await wait(5);
      throw new Error('ended');
    });
    await expect(running).rejects.toThrow('ended');
    expect(lines).toEqual(['Stops by other processes cannot be seen: StorageUnavailableError, it denies access']);
  });
});
