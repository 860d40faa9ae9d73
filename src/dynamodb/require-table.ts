import { setTimeout as sleep } from 'node:timers/promises';
import { describeTable } from '../config/describe-service.js';
import type { TableSettings } from '../config/settings.js';
import type { DynamoTable } from './dynamo-table.js';
import { findStorageFault, type StorageFault } from './storage-fault.js';

const PATIENCE_MILLISECONDS = 30_000;
const PAUSE_MILLISECONDS = 1_000;

/** The service cannot run with its table. The message is one line and complete in itself. */
export class TableUnusableError extends Error {
  override readonly name = 'TableUnusableError';
}

export interface RequireTableOptions {
  /** Gets one line if the start has to wait. */
  readonly onWait: (line: string) => void;
  /** How long a start waits for a fault that may pass, in milliseconds. */
  readonly patience?: number;
  readonly pause?: number;
}

/**
 * Reads one key of the table, so that a start fails if the table cannot be used. A table that cannot be reached may be
 * reached soon, so the start waits for it.
 *
 * @throws TableUnusableError at once if the configuration is wrong, else when the patience is over.
 */
export async function requireTable(
  table: DynamoTable,
  settings: TableSettings,
  { onWait, patience = PATIENCE_MILLISECONDS, pause = PAUSE_MILLISECONDS }: RequireTableOptions,
): Promise<void> {
  const end = Date.now() + patience;
  const name = describeTable(settings);
  let isWaiting = false;
  for (;;) {
    const fault = await findFault(table);
    if (fault === undefined || fault.start === 'go on') return;
    if (fault.start === 'end' || Date.now() >= end) {
      throw new TableUnusableError(`The ${name} cannot be used: ${fault.reason}; ${fault.advice}`);
    }
    if (!isWaiting) {
      onWait(
        `The ${name} cannot be used yet: ${fault.reason}. The start waits for ${patience / 1000} s; ${fault.advice}`,
      );
    }
    isWaiting = true;
    await sleep(pause);
  }
}

async function findFault(table: DynamoTable): Promise<StorageFault | undefined> {
  try {
    await table.probe();
    return undefined;
  } catch (error) {
    // The cause is the error of the SDK. A ValidationException comes as it is.
    return findStorageFault(error instanceof Error && error.cause ? error.cause : error);
  }
}
