import { mkdir } from 'node:fs/promises';
import dynalite from 'dynalite';
import { Level } from 'level';
import { toOneLine, LocalModeError } from './local-mode.js';
import { listenOnLoopback } from './loopback-server.js';

/** A DynamoDB inside this process. */
export interface EmbeddedDynamoDb {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`, such as `http://127.0.0.1:40001`. */
  readonly endpoint: string;
  /** Closes all connections and the database. A second call does nothing. */
  close(): Promise<void>;
}

export interface EmbeddedDynamoDbOptions {
  /** The folder of the tables, created if it is absent. Without it they are in memory. */
  readonly path?: string;
}

/**
 * Starts dynalite on a free port of the loopback interface.
 *
 * @throws LocalModeError with `already running`, if another process has the folder open.
 */
export async function startEmbeddedDynamoDb({ path }: EmbeddedDynamoDbOptions = {}): Promise<EmbeddedDynamoDb> {
  if (path !== undefined) await openOnce(path);
  const server = dynalite({
    ...(path !== undefined && { path }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  // dynalite throws every error of a request, so a client that disconnects while sending would end the process.
  server.on('request', (request) => request.removeAllListeners('error'));
  return listenOnLoopback(server);
}

/** Checks that the database can be opened. dynalite would fail at its first request, with an uncaught error. */
async function openOnce(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const database = new Level(path);
  try {
    await database.open();
  } catch (error) {
    throw new LocalModeError(describeOpenError(path, error instanceof Error ? error.cause : error), { cause: error });
  }
  await database.close();
}

function describeOpenError(path: string, cause: unknown): string {
  const isLocked = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
  if (isLocked) return `already running: another program has ${path} open`;
  return `the embedded table in ${path} cannot be opened: ${toOneLine(cause)}`;
}
