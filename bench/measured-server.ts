import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadEnvironment } from '../src/config/environment.js';
import { TableSettings } from '../src/config/settings.js';
import { createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { ensureChatTable } from '../src/dynamodb/table-schema.js';
import { mintToken } from '../src/local/dev-token.js';
import { startEmbeddedDynamoDb } from '../src/local/embedded-dynamodb.js';
import type { Memory, Report, Sample } from './stream-server.js';

const SECRET = 'a-secret-for-measuring-only-7Hq2LmZx9cVb4Nw1';

/** A server in its own process, so that its memory can be measured alone. */
export interface MeasuredServer {
  readonly url: string;
  /** After garbage collection, which stops the server for a moment. */
  memory(): Promise<Memory>;
  /** What was measured since the last sample. It disturbs nothing. */
  sample(): Promise<Sample>;
  stop(): void;
}

export function tokenOf(user: string): string {
  return mintToken({ secret: SECRET, sub: user });
}

/** @returns the endpoint of the table. */
export async function startTable(): Promise<string> {
  const { endpoint } = await startEmbeddedDynamoDb({});
  const environment = loadEnvironment(buildVariables('', endpoint));
  const client = createDynamoDbClient(new TableSettings(environment));
  await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
  return endpoint;
}

/** The default limit of turns at once, and as many turns a minute as can be set. */
export const LIMITS = { TURNS_PER_MINUTE: '1000', TURNS_AT_ONCE: '5' };

/** What a server calls, and where its code and its socket are. */
export interface ServerOptions {
  /** The endpoints of its agent and its table. */
  readonly agent: string;
  readonly table: string;
  /** A socket that it listens on too. */
  readonly path?: string;
  /** A checkout of another commit; by default this one. */
  readonly folder?: string;
  /** More of its configuration. By default users have no limits. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Starts this service, a bare proxy, or plain Express. */
export async function startServer(
  name: 'ours' | 'bare' | 'express',
  { agent, table, path, folder = join(import.meta.dirname, '..'), variables = {} }: ServerOptions,
): Promise<MeasuredServer> {
  const child = fork(join(folder, 'bench/stream-server.ts'), [name, ...(path === undefined ? [] : [path])], {
    execArgv: ['--expose-gc', '--import', './scripts/typescript.mjs'],
    cwd: folder,
    env: { ...process.env, ...buildVariables(agent, table), ...variables },
  });
  child.once('exit', (code) => {
    throw new Error(`${name} ended with ${code}`);
  });
  const report = await receiveReport(child);
  if (!('port' in report)) throw new Error(`${name} did not send its port`);
  return {
    url: `http://127.0.0.1:${report.port}`,
    memory: async () => {
      child.send('memory');
      const measured = await receiveReport(child);
      if (!('memory' in measured)) throw new Error(`${name} did not send its memory`);
      return measured.memory;
    },
    sample: async () => {
      child.send('sample');
      const measured = await receiveReport(child);
      if (!('sample' in measured)) throw new Error(`${name} did not send a sample`);
      return measured.sample;
    },
    stop: () => {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    },
  };
}

/** Starts the table or the emulated agent in a process of its own. @returns its endpoint. */
export async function startPart(name: 'table' | 'agent'): Promise<string> {
  const child = fork(join(import.meta.dirname, 'parts-server.ts'), [name], {
    execArgv: ['--import', './scripts/typescript.mjs'],
  });
  const [{ endpoint }] = (await once(child, 'message')) as [{ endpoint: string }];
  return endpoint;
}

async function receiveReport(child: ChildProcess): Promise<Report> {
  const [report] = (await once(child, 'message')) as [Report];
  return report;
}

export function buildVariables(agentEndpoint: string, dynamoDb: string): Record<string, string> {
  return {
    AGENT_ID: 'AGENT',
    AGENT_ALIAS_ID: 'ALIAS',
    AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agentEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb,
    JWT_SECRET_KEY: SECRET,
    LOG_LEVEL: 'fatal',
    TURNS_PER_MINUTE: '0',
    TURNS_AT_ONCE: '0',
  };
}
