import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Clock } from '../../src/common/clock.js';
import { Environment } from '../../src/config/environment.js';
import { QuotaSettings, TableSettings } from '../../src/config/settings.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { DynamoTurnQuotaRepository } from '../../src/usage/dynamo-turn-quota.repository.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';

/** 0 is no limit, and the default. */
export interface Limits {
  readonly perMinute?: number;
  readonly perDay?: number;
  readonly atOnce?: number;
}

/** Builds a quota whose clock stands at `clock.time`. It does not wait, but each pause moves its clock. */
export function createQuota(client: DynamoDBDocumentClient, limits: Limits, clock: { time: number }): TurnQuota {
  const { perMinute = 0, perDay = 0, atOnce = 0 } = limits;
  const variables = { TURNS_PER_MINUTE: perMinute, TURNS_PER_DAY: perDay, TURNS_AT_ONCE: atOnce };
  const environment = Object.assign(new Environment(), variables);
  const sleep = async (milliseconds: number) => void (clock.time += milliseconds);
  const ownClock = Object.assign(new Clock(), { now: () => clock.time, sleep });
  const table = new DynamoTable(client, new TableSettings(environment), ownClock);
  return new TurnQuota(new DynamoTurnQuotaRepository(table), new QuotaSettings(environment), ownClock);
}
