import { Injectable } from '@nestjs/common';
import { DynamoTable, type Item } from '../../dynamodb/dynamo-table.js';
import { buildUpdate } from '../../dynamodb/update-expression.js';
import { listRepairs, whileHeadIsAsRead } from './items/head-forms.js';

/**
 * Repairs heads that have attributes of another system under our names. Such a head refuses every begin and delete.
 * The attributes mean nothing to this service, and a turn would overwrite them.
 */
@Injectable()
export class DynamoHeadRepair {
  constructor(private readonly table: DynamoTable) {}

  /**
   * @param head - the item as it was read.
   * @returns whether there was anything to repair. Then the head must be read again.
   * @throws StorageUnavailableError
   */
  async repair(head: Item): Promise<boolean> {
    const repairs = listRepairs(head);
    if (Object.keys(repairs).length === 0) return false;
    const key = { id: head['id'], user_id: head['user_id'] };
    await this.table.update({ Key: key, ...buildUpdate(repairs, whileHeadIsAsRead(head)), ReturnValues: 'NONE' });
    return true;
  }
}
