import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { DynamoChatDeletion } from '../../src/chat/storage/dynamo-chat-deletion.js';
import { DynamoChatListRepository } from '../../src/chat/storage/dynamo-chat-list.repository.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import { DynamoTurnLease } from '../../src/chat/storage/dynamo-turn-lease.js';
import { DynamoOpenTurns } from '../../src/chat/storage/dynamo-open-turns.js';
import { DynamoTurnStop } from '../../src/chat/storage/dynamo-turn-stop.js';
import { DynamoHistoryRepository } from '../../src/chat/storage/dynamo-history.repository.js';
import { StorageModule } from '../../src/chat/storage/storage.module.js';
import { Clock } from '../../src/common/clock.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { type EmbeddedTable, startEmbeddedTable } from './embedded-table.js';
import { startStorageFaults, type StorageFaults } from './storage-faults.js';

/** A clock whose pauses are short. Its time goes on as if they were not. */
class HastyClock extends Clock {
  /** The pauses that were asked for, in milliseconds. */
  readonly pauses: number[] = [];
  /** The longest that a pause really takes, in milliseconds. */
  longest = 10;

  private skipped = 0;

  override now(): number {
    return super.now() + this.skipped;
  }

  override async sleep(milliseconds: number): Promise<void> {
    this.pauses.push(milliseconds);
    this.skipped += Math.max(0, milliseconds - this.longest);
    await super.sleep(Math.min(milliseconds, this.longest));
  }
}

/** The storage of chats without a service, on a table of its own in memory. */
export interface ChatStore extends EmbeddedTable {
  readonly chats: DynamoChatRepository;
  readonly leases: DynamoTurnLease;
  readonly list: DynamoChatListRepository;
  readonly deletion: DynamoChatDeletion;
  readonly history: DynamoHistoryRepository;
  readonly stops: DynamoTurnStop;
  readonly openTurns: DynamoOpenTurns;
  /** What the repositories use to reach the table. */
  readonly dynamoTable: DynamoTable;
  readonly clock: HastyClock;
  /** Faults between the repositories and the table. The client in `table` meets none. */
  readonly faults: StorageFaults;
}

/** Starts a chat store. The caller closes it. */
async function startChatStore(): Promise<ChatStore> {
  const embedded = await startEmbeddedTable();
  const faults = await startStorageFaults(embedded.client);
  const clock = new HastyClock();
  const nest = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(embedded.environment), StorageModule],
  })
    .overrideProvider(DynamoDBDocumentClient)
    .useValue(embedded.client)
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  return {
    ...embedded,
    chats: nest.get(DynamoChatRepository, { strict: false }),
    leases: nest.get(DynamoTurnLease, { strict: false }),
    list: nest.get(DynamoChatListRepository, { strict: false }),
    deletion: nest.get(DynamoChatDeletion, { strict: false }),
    history: nest.get(DynamoHistoryRepository, { strict: false }),
    stops: nest.get(DynamoTurnStop, { strict: false }),
    openTurns: nest.get(DynamoOpenTurns, { strict: false }),
    dynamoTable: nest.get(DynamoTable, { strict: false }),
    clock,
    faults,
    close: async () => {
      await nest.close();
      faults.close();
      await embedded.close();
    },
  };
}

/** One store for all tests of a block: empty before the first test, without faults after each. */
export function useChatStore(): ChatStore {
  const store = {} as ChatStore;
  beforeAll(async () => {
    Object.assign(store, await startChatStore());
  });
  afterEach(() => store.faults.clear());
  afterAll(() => store.close());
  return store;
}
