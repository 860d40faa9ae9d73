import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { TableSettings } from '../config/settings.js';
import { getResult, type ItemKey } from './dynamo-table.js';

/** What a scan reads of an item. */
export interface ScannedItem extends ItemKey {
  readonly deleted_at?: unknown;
  readonly updated_at?: unknown;
  readonly expires_at?: unknown;
}

/** Up to 1 MB of a table. */
export interface ScanPage {
  /** Items of one chat follow each other, its head first. */
  readonly items: readonly ScannedItem[];
  /** Where the next page begins. Undefined at the end of the table. */
  readonly next: ItemKey | undefined;
}

/** Reads a whole table. It is not part of DynamoTable, because the service may not do it. */
export class TableScan {
  /** @param pageSize - the most items of a page. DynamoDB also stops at 1 MB, and does so alone by default. */
  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly settings: TableSettings,
    private readonly pageSize?: number,
  ) {}

  /**
   * Reads a page, which may be a second old. It costs half a read unit for each 4 KB in the table.
   *
   * @throws StorageUnavailableError
   */
  async readPage(after: ItemKey | undefined): Promise<ScanPage> {
    const command = new ScanCommand({
      TableName: this.settings.name,
      ProjectionExpression: 'id, user_id, deleted_at, updated_at, expires_at',
      ExclusiveStartKey: after,
      Limit: this.pageSize,
    });
    const page = await getResult(this.client.send(command));
    return { items: (page?.Items ?? []) as ScannedItem[], next: page?.LastEvaluatedKey as ItemKey | undefined };
  }
}
