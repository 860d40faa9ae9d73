import { setTimeout as wait } from 'node:timers/promises';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { loadEnvironment } from '../src/config/environment.js';
import { TableSettings } from '../src/config/settings.js';
import { createDocumentClient, createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { toUsageKey } from '../src/usage/usage-item.js';

/** How long places may take to become free after the last response. */
const PATIENCE_MILLISECONDS = 30_000;

/** How many turns of all users together must be counted. */
export interface ExpectedTurns {
  /** Turns whose users know that they have begun. */
  readonly acknowledged: number;
  /** Turns that may have begun, because their clients have disconnected or got an error. */
  readonly doubtful?: number;
}

/**
 * Compares the usage of these users with their turns, and prints it. Waits until no turn runs any more. Anything that is
 * wrong makes the bench fail.
 *
 * @param variables - of the service, for its table.
 */
export async function checkCountedTurns(
  variables: Record<string, string>,
  users: readonly string[],
  { acknowledged, doubtful = 0 }: ExpectedTurns,
): Promise<void> {
  const environment = loadEnvironment(variables);
  const table = createDocumentClient(createDynamoDbClient(new TableSettings(environment)));
  const readAll = () =>
    Promise.all(
      users.map(async (user) => {
        const command = new GetCommand({
          TableName: environment.DYNAMODB_TABLE,
          Key: toUsageKey(user),
          ConsistentRead: true,
        });
        return (await table.send(command)).Item ?? {};
      }),
    );
  const countRunning = (items: readonly Record<string, unknown>[]) =>
    items.reduce((sum, { running }) => sum + (running instanceof Set ? running.size : 0), 0);
  const start = performance.now();
  let items = await readAll();
  while (countRunning(items) > 0 && performance.now() - start < PATIENCE_MILLISECONDS) {
    await wait(200);
    items = await readAll();
  }
  table.destroy();
  const counts = items.flatMap(Object.entries<unknown>).filter(([name]) => /^t\d{8}$/.test(name));
  const counted = counts.reduce((sum, [, turns]) => sum + Number(turns), 0);
  const running = countRunning(items);
  console.log(`usage: ${counted} turns are counted, ${acknowledged} acknowledged, ${doubtful} doubtful`);
  console.log(`usage: ${running} places are still taken ${Math.round(performance.now() - start)} ms later`);
  const isRight = counted >= acknowledged && counted <= acknowledged + doubtful;
  if (isRight && running === 0) return;
  console.error('The usage is wrong');
  process.exitCode = 1;
}
