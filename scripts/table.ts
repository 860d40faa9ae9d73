import { parseArgs } from 'node:util';
import { EnvFileError, loadEnvFile } from '../src/config/env-file.js';
import { ConfigurationError, type Environment } from '../src/config/environment.js';
import { TableSettings } from '../src/config/settings.js';
import { loadTableEnvironment } from '../src/config/table-environment.js';
import { sweepTable } from '../src/chat/storage/sweep-table.js';
import { createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { CHAT_LIST_INDEX, ensureChatTable } from '../src/dynamodb/table-schema.js';
import { toOneLine } from '../src/local/local-mode.js';

const USAGE = `Usage: npm run table [-- --sweep]

Creates the table with its index and expiry, or adds what is missing, in AWS or at AWS_ENDPOINT_URL_DYNAMODB.

  --sweep  removes chats whose delete was interrupted, and turns of chats that have expired; needs DYNAMODB_TABLE
  --help   prints this`;

/** DynamoDB cannot be reached or refuses, or the command line is wrong. The message is complete in itself. */
class TableError extends Error {}

/** `npm run table`. @returns what to print. */
async function main(): Promise<string> {
  const { sweep, help } = readArguments();
  if (help) return USAGE;
  loadEnvFile(process.env);
  const environment = loadTableEnvironment(process.env);
  // It deletes, so it takes no default.
  if (sweep && !process.env['DYNAMODB_TABLE']) throw new TableError('--sweep needs DYNAMODB_TABLE');
  const { DYNAMODB_TABLE: name, AWS_REGION: region, AWS_ENDPOINT_URL_DYNAMODB: endpoint } = environment;
  const place = endpoint ?? `AWS, ${region}`;
  return sweep ? sweepWhole(environment, name, place) : createTable(environment, name, place);
}

async function createTable(environment: Environment, name: string, place: string): Promise<string> {
  const client = createDynamoDbClient(new TableSettings(environment));
  try {
    const state = await ensureChatTable(client, name);
    if (state === 'created') return `Created table ${name} (${place})`;
    const advice = `. Its index ${CHAT_LIST_INDEX} is being built: repeat this command to see when it is ready`;
    return `Table ${name} exists (${place})${state === 'index building' ? advice : ''}`;
  } catch (error) {
    throw new TableError(`Table ${name} cannot be created (${place}): ${toOneLine(error)}`);
  } finally {
    client.destroy();
  }
}

/** Sweeps the table from its beginning to its end. The functions of `template.yaml` need several runs for that. */
async function sweepWhole(environment: Environment, name: string, place: string): Promise<string> {
  console.log(`Sweeping table ${name} (${place})`);
  const { items, finishedDeletes, expiredChats, leftChats, failedChats, failures } = await sweepTable(
    new TableSettings(environment),
    {
      deadline: Infinity,
      resumes: false,
      isByHand: true,
    },
  ).catch((error: unknown) => {
    const { reason } = Object(error) as { reason?: string };
    throw new TableError(`Table ${name} cannot be swept (${place}): ${reason ?? toOneLine(error)}`);
  });
  if (leftChats + failedChats > 0) process.exitCode = 1;
  const left = leftChats > 0 ? [`left ${count(leftChats, 'chat')} whose turns run: repeat this command later`] : [];
  const failed = failedChats > 0 ? [`could not remove ${count(failedChats, 'chat')}: ${failures.join('; ')}`] : [];
  return [
    `Swept table ${name} (${place}): looked at ${count(items, 'item')}`,
    `finished ${count(finishedDeletes, 'delete')}`,
    `removed what was left of ${count(expiredChats, 'expired chat')}`,
    ...left,
    ...failed,
  ].join(', ');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { sweep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    return values;
  } catch (error) {
    throw new TableError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

try {
  console.log(await main());
} catch (error) {
  const isExplained = [ConfigurationError, EnvFileError, TableError].some((type) => error instanceof type);
  console.error(isExplained ? (error as Error).message : error);
  process.exitCode = 1;
}
