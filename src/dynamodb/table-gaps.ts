import { DescribeTableCommand, DescribeTimeToLiveCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CHAT_LIST_INDEX, TIME_TO_LIVE_ATTRIBUTE } from './table-schema.js';

/**
 * Finds what a table of another origin lacks, although turns work without it: the index and the expiry.
 *
 * @returns one line for the log; undefined if the table lacks nothing, or if nobody may describe it.
 */
export async function describeTableGaps(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const found = await Promise.allSettled([findIndexGap(client, tableName), findExpiryGap(client, tableName)]);
  const gaps = found.flatMap((gap) => (gap.status === 'fulfilled' && gap.value !== undefined ? [gap.value] : []));
  if (gaps.length === 0) return undefined;
  return `The table ${tableName} has ${gaps.join(', and ')}. "npm run table" mends it: see docs/moving-over.md`;
}

async function findIndexGap(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  const hasIndex = table?.GlobalSecondaryIndexes?.some(({ IndexName: name }) => name === CHAT_LIST_INDEX);
  return hasIndex ? undefined : `no index ${CHAT_LIST_INDEX} for the list of chats`;
}

async function findExpiryGap(client: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const { TimeToLiveDescription: expiry } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  const isOn = expiry?.TimeToLiveStatus === 'ENABLED' || expiry?.TimeToLiveStatus === 'ENABLING';
  if (isOn && expiry.AttributeName === TIME_TO_LIVE_ATTRIBUTE) return undefined;
  // DynamoDB has one attribute for a table.
  const obstacle = isOn ? ' (it is on for another attribute: turn that off first)' : '';
  return `no expiry by ${TIME_TO_LIVE_ATTRIBUTE}${obstacle}, so what a delete leaves stays for ever`;
}
