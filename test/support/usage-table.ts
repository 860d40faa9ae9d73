import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type EmbeddedTable, startEmbeddedTable } from './embedded-table.js';
import { createQuota, type Limits } from './quota.js';
import { startStorageFaults, type StorageFaults } from './storage-faults.js';

/** The time at which quotas of these tests stand. */
export const NOON = Date.UTC(2030, 0, 1, 12, 0, 15);

/** A table in memory, with a user of its own for each test. */
export interface UsageTable extends EmbeddedTable {
  readonly faults: StorageFaults;
  readonly user: string;
  /** Creates a quota that uses this table. */
  quota(limits: Limits, time?: number): ReturnType<typeof createQuota>;
  /** Reads what is counted for the user now. */
  readUsage(): Promise<Record<string, unknown>>;
}

/** Call it inside a `describe`. */
export function useUsageTable(): UsageTable {
  const used = { user: '' } as UsageTable & { user: string };
  let users = 0;
  beforeAll(async () => {
    const table = await startEmbeddedTable();
    const faults = await startStorageFaults(table.client);
    Object.assign(used, table, { faults });
  });
  beforeEach(() => {
    users += 1;
    used.user = `user-${users}`;
  });
  afterEach(() => used.faults.clear());
  afterAll(async () => {
    used.faults.close();
    await used.close();
  });
  return Object.assign(used, {
    quota: (limits: Limits, time = NOON) => createQuota(used.client, limits, { time }),
    readUsage: async () => {
      const Key = { id: `usage#${used.user}`, user_id: used.user };
      const TableName = used.environment.DYNAMODB_TABLE;
      return (await used.table.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item ?? {};
    },
  });
}
