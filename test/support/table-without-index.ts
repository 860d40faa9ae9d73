import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { buildTableSchema } from '../../src/dynamodb/table-schema.js';
import type { TableView } from './chat-items.js';

/** The schema of a table of the original system, which has no index. */
export function schemaWithoutIndex(tableName: string) {
  const { GlobalSecondaryIndexes: _, AttributeDefinitions: attributes = [], ...schema } = buildTableSchema(tableName);
  return { ...schema, AttributeDefinitions: attributes.filter(({ AttributeName: name }) => name !== 'updated_at') };
}

/** Replaces the table by an empty one without the index, which would refuse times that are no texts. */
export async function replaceByTableWithoutIndex({ table, environment }: TableView): Promise<void> {
  const TableName = environment.DYNAMODB_TABLE;
  await table.send(new DeleteTableCommand({ TableName }));
  await table.send(new CreateTableCommand(schemaWithoutIndex(TableName)));
}
