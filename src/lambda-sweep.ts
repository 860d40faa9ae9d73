import 'reflect-metadata';
import type { Context } from 'aws-lambda';
import { sweepTable } from './chat/storage/sweep-table.js';
import { TableSettings } from './config/settings.js';
import { loadTableEnvironment } from './config/table-environment.js';
import { RequestLogger } from './telemetry/request-logger.js';

/** For the call that runs when the time is up. */
const RESERVE_MILLISECONDS = 30_000;

/**
 * Sweeps the table until the function's time is up, and goes on there in the next invocation. The event does not matter.
 *
 * @throws StorageUnavailableError, ConfigurationError. The schedule repeats it.
 */
export async function handler(_event: unknown, context: Context): Promise<void> {
  const environment = loadTableEnvironment(process.env);
  const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MILLISECONDS;
  const result = await sweepTable(new TableSettings(environment), { deadline, resumes: true });
  const logger = new RequestLogger(environment.LOG_LEVEL, { json: true });
  logger.endStart();
  logger.log({ event: 'table swept', ...result }, 'sweep');
}
