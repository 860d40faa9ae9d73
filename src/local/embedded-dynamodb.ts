import { mkdir } from 'node:fs/promises';
import dynalite from 'dynalite';
import { Level } from 'level';
import { toOneLine, LocalModeError } from './local-mode.js';
import { listenOnLoopback } from './loopback-server.js';

/** A DynamoDB that runs inside this program. */
export interface EmbeddedDynamoDb {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`, such as `http://127.0.0.1:40001`. */
  readonly endpoint: string;
  /** Cuts the connections and closes the database; a second call does nothing. */
  close(): Promise<void>;
}

export interface EmbeddedDynamoDbOptions {
  /** The folder that holds the tables, made when absent; in memory without it. */
  readonly path?: string;
}

/**
 * Starts dynalite on a free port of the loopback interface.
 *
 * @throws LocalModeError saying `already running` when another program has the folder open.
 */
export async function startEmbeddedDynamoDb({ path }: EmbeddedDynamoDbOptions = {}): Promise<EmbeddedDynamoDb> {
  if (path !== undefined) await claim(path);
  const server = dynalite({
    ...(path !== undefined && { path }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  // dynalite throws whatever a request emits as an error, so a caller that hangs up while sending would end us.
  server.on('request', (request) => request.removeAllListeners('error'));
  return listenOnLoopback(server);
}

/** Opens the database once: dynalite would meet a lock only at its first request, as an uncaught error. */
async function claim(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const database = new Level(path);
  try {
    await database.open();
  } catch (error) {
    throw new LocalModeError(openProblem(path, error instanceof Error ? error.cause : error), { cause: error });
  }
  await database.close();
}

function openProblem(path: string, cause: unknown): string {
  const isLocked = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
  if (isLocked) return `already running: another program has ${path} open`;
  return `the embedded table in ${path} cannot be opened: ${toOneLine(cause)}`;
}
