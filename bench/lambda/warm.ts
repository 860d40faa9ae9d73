import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { buildChatEvent } from '../../scripts/lambda/events.js';
import { startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { LAMBDA_NODE_ARGUMENTS, findNode } from '../../scripts/lambda/node-binary.js';
import { startConstantDynamoDb } from './constant-dynamodb.js';
import { buildPackage, makeContestants } from './contestants.js';

const DRIVER = join(import.meta.dirname, 'warm-driver.mjs');

/** Greatest ratio of the package's memory after many requests to its memory after few. */
const GROWTH_BOUND = 1.1;

interface Sample {
  readonly handled: number;
  /** Median milliseconds of a request since the last sample. */
  readonly p50: number;
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
}

/**
 * Prints the time of a request to a warm function, and its memory after few and many requests.
 * Sets the exit code if the package's memory grows beyond its bound.
 */
export async function benchWarmRequests(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { counts: { type: 'string', default: '5000,50000' }, node: { type: 'string', default: '24' } },
  });
  buildPackage();
  const node = await findNode(values.node);
  const dynamoDb = await startConstantDynamoDb();
  const parts = await startFunctionParts({
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    LOG_LEVEL: 'log',
    // The others have no quota.
    TURNS_PER_MINUTE: '0',
    TURNS_AT_ONCE: '0',
  });
  const { bareCached, express, artefact } = await makeContestants(node, LAMBDA_NODE_ARGUMENTS, `node-${values.node}`);
  const event = JSON.stringify(buildChatEvent(parts.token));
  console.log(`Node ${values.node}, requests one after the other, a table that stores nothing\n`);
  console.log('                           requests   p50 ms    RSS MB   heap MB');
  const [few] = values.counts.split(',');
  for (const { name, folder, file } of [bareCached, express, artefact]) {
    // Only the package is checked for growth.
    const counts = name === artefact.name ? values.counts : few;
    const child = spawn(node, [...LAMBDA_NODE_ARGUMENTS, DRIVER, join(folder, file), counts ?? ''], {
      env: { ...parts.variables, EVENT: event },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const samples: Sample[] = [];
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      const sample = JSON.parse(line) as Sample;
      samples.push(sample);
      const { handled, p50, rss, heapUsed } = sample;
      const cells = [String(handled), p50.toFixed(2), (rss / 1e6).toFixed(1), (heapUsed / 1e6).toFixed(1)];
      console.log(`${name.padEnd(25)}${cells.map((cell) => cell.padStart(10)).join('')}`);
    }
    if (name === artefact.name) checkGrowth(samples);
  }
  await parts.close();
  await dynamoDb.close();
}

function checkGrowth(samples: readonly Sample[]): void {
  const [few, many] = [samples[0], samples.at(-1)];
  if (!few || !many) throw new Error('The package handled nothing');
  const growth = many.rss / few.rss;
  console.log(
    `\nRSS after ${many.handled} requests is ${growth.toFixed(3)} times the RSS after ${few.handled}, bound ${GROWTH_BOUND}`,
  );
  if (growth > GROWTH_BOUND) process.exitCode = 1;
}
