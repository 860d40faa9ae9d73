import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { DynamoChatDeletion } from '../../src/chat/storage/dynamo-chat-deletion.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import { DynamoHistoryRepository } from '../../src/chat/storage/dynamo-history.repository.js';
import { DynamoLegacyHistory } from '../../src/chat/storage/dynamo-legacy-history.js';
import { TableSettings } from '../../src/config/settings.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { DynamoTurnOpening } from '../../src/chat/storage/dynamo-turn-opening.js';
import { DynamoTurnRecovery } from '../../src/chat/storage/dynamo-turn-recovery.js';
import { type EmbeddedTable, startEmbeddedTable } from './embedded-table.js';
import { startStorageFaults, type StorageFaults } from './storage-faults.js';

/** The storage of chats alone, on a table of its own in memory. */
export interface ChatStore extends EmbeddedTable {
  readonly chats: DynamoChatRepository;
  readonly deletion: DynamoChatDeletion;
  readonly history: DynamoHistoryRepository;
  /** Between the repositories and the table; what looks behind them by `table` meets none. */
  readonly faults: StorageFaults;
}

/** Starts one for whoever closes it again. */
export async function startChatStore(): Promise<ChatStore> {
  const embedded = await startEmbeddedTable();
  const { client, environment } = embedded;
  const faults = await startStorageFaults(client);
  const dynamoTable = new DynamoTable(client, new TableSettings(environment));
  const recovery = new DynamoTurnRecovery(dynamoTable, environment);
  const inline = new DynamoLegacyHistory(dynamoTable, environment);
  const opening = new DynamoTurnOpening(dynamoTable, recovery, inline, environment);
  return {
    ...embedded,
    chats: new DynamoChatRepository(dynamoTable, opening, recovery, inline, environment),
    deletion: new DynamoChatDeletion(dynamoTable, recovery, inline),
    history: new DynamoHistoryRepository(dynamoTable, inline),
    faults,
    close: async () => {
      faults.close();
      await embedded.close();
    },
  };
}

/**
 * The one store of all tests in a block: started before the first of them and empty until then, without faults after
 * each, closed after the last.
 */
export function chatStoreForTests(): ChatStore {
  const store = {} as ChatStore;
  beforeAll(async () => {
    Object.assign(store, await startChatStore());
  });
  afterEach(() => store.faults.clear());
  afterAll(() => store.close());
  return store;
}
