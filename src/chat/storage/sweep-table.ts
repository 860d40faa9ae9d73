import { Clock } from '../../common/clock.js';
import type { TableSettings } from '../../config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../../dynamodb/dynamodb.client.js';
import { DynamoTable } from '../../dynamodb/dynamo-table.js';
import { TableScan } from '../../dynamodb/table-scan.js';
import { DynamoChatDeletion } from './dynamo-chat-deletion.js';
import { DynamoHiddenTurns } from './dynamo-hidden-turns.js';
import { DynamoHeadRepair } from './dynamo-head-repair.js';
import { DynamoSweep, type SweepOptions, type SweepResult } from './dynamo-sweep.js';
import { DynamoLegacyHistory } from './dynamo-legacy-history.js';
import { DynamoTurnLease } from './dynamo-turn-lease.js';
import { DynamoTurnRecovery } from './dynamo-turn-recovery.js';
import { DynamoTurnStop } from './dynamo-turn-stop.js';

/**
 * Sweeps a table once, without an app.
 *
 * @throws StorageUnavailableError
 */
export async function sweepTable(settings: TableSettings, options: SweepOptions): Promise<SweepResult> {
  const client = createDynamoDbClient(settings);
  try {
    const documents = createDocumentClient(client);
    const table = new DynamoTable(documents, settings);
    const recovery = new DynamoTurnRecovery(table, new DynamoTurnLease(table), new DynamoHiddenTurns(table), settings);
    const stops = new DynamoTurnStop(table, recovery, new DynamoLegacyHistory(table, settings), new Clock());
    const deletion = new DynamoChatDeletion(table, recovery, new DynamoHeadRepair(table), stops);
    return await new DynamoSweep(table, new TableScan(documents, settings), deletion).run(options);
  } finally {
    client.destroy();
  }
}
