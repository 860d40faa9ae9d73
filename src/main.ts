import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type Addition, createApp } from './app.js';
import { describeService } from './config/describe-service.js';
import { EnvFileError, loadEnvFile } from './config/env-file.js';
import { TableSettings } from './config/settings.js';
import { DynamoTable } from './dynamodb/dynamo-table.js';
import { createDynamoDbClient } from './dynamodb/dynamodb.client.js';
import { describeTableGaps } from './dynamodb/table-gaps.js';
import { resolveSecrets } from './config/resolve-secrets.js';
import { requireTable, TableUnusableError } from './dynamodb/require-table.js';
import { ensureChatTable } from './dynamodb/table-schema.js';
import { ConfigurationError, type Environment, findMisspelt, loadEnvironment } from './config/environment.js';
import { SHUTDOWN_CONNECTIONS } from './config/waits.js';
import { Connections } from './http/server/connections.js';
import { buildBanner, listOutgoing, toReachableUrl } from './local/banner.js';
import {
  dummyCredentials,
  LOCAL_VARIABLES,
  LocalModeError,
  resolveDataDir,
  toOneLine,
  wantsLocalMode,
} from './local/local-mode.js';
import type { LocalParts } from './local/start-local.js';
import { isWatchRestart } from './local/watch-restart.js';

/** Ctrl-C under npm arrives three times: from the terminal, from npm and from nest. Signals this close are one. */
const SAME_SIGNAL_MS = 500;

/** Errors whose message says all. */
const EXPLAINED_ERRORS = [ConfigurationError, EnvFileError, LocalModeError, TableUnusableError];

const { stdout, stderr } = process;
const logger = new Logger('main');

async function bootstrap(): Promise<void> {
  let local: LocalParts | undefined;
  let app: NestExpressApplication | undefined;
  let connections: Connections | undefined;
  const stop = async () => {
    const cancelGrace = connections?.drain(SHUTDOWN_CONNECTIONS);
    await app?.close().finally(cancelGrace);
    await local?.close();
  };
  try {
    loadEnvFile(process.env);
    local = wantsLocalMode(process.env) ? await startLocalParts() : undefined;
    const environment = loadEnvironment(await resolveSecrets({ ...process.env, ...local?.variables }));
    if (local) await prepareTable(environment, local);
    const additions = await loadAdditions(environment, local);
    const colors = [stdout, stderr].every(hasColors);
    app = await createApp(environment, { local: local !== undefined, colors, additions });
    connections = new Connections(app.getHttpServer());
    // Before the start waits or announces anything. As the first process of a container, Node would ignore SIGTERM.
    stopOnSignals(stop);
    for (const line of findMisspelt(process.env, LOCAL_VARIABLES)) logger.warn(line);
    if (!local) {
      const onWait = (line: string) => logger.warn(line);
      await requireTable(app.get(DynamoTable), new TableSettings(environment), { onWait });
    }
    const { port } = await listen(app.getHttpServer(), environment);
    await announce(environment, toReachableUrl(environment.HOST, port), local);
    if (!local) await warnOfTableGaps(environment);
  } catch (error) {
    console.error(describeStartError(error));
    await stop().finally(() => process.exit(1));
  }
}

/** Not `app.listen`: if the port is in use, that logs a stack before it throws. */
async function listen(server: Server, { PORT, HOST }: Environment): Promise<AddressInfo> {
  server.listen(PORT, HOST);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** Loads local mode on demand, because production has neither the emulators nor their packages. */
async function startLocalParts(): Promise<LocalParts> {
  const { startLocal } = await import('./local/start-local.js');
  Object.assign(process.env, dummyCredentials(process.env));
  const onAgentFailure = (line: string) => new Logger('agent').warn(line);
  return startLocal({ dataDir: resolveDataDir(process.env), variables: process.env, onAgentFailure });
}

/** Loads the pages on demand, so that a start without them does not read them. */
async function loadAdditions(environment: Environment, local: LocalParts | undefined): Promise<Addition[]> {
  const additions: Addition[] = [];
  if (local || environment.API_DOCS) {
    const { ApiDocsModule } = await import('./openapi/api-docs.module.js');
    additions.push(ApiDocsModule);
  }
  if (local || environment.PLAYGROUND) {
    const { PlaygroundModule } = await import('./playground/playground.module.js');
    additions.push(PlaygroundModule.with(local?.buildPage(environment)));
  }
  return additions;
}

async function prepareTable(environment: Environment, local: LocalParts): Promise<void> {
  const { DYNAMODB_TABLE: table, AWS_ENDPOINT_URL_DYNAMODB: endpoint } = environment;
  const client = createDynamoDbClient(new TableSettings(environment));
  try {
    // The embedded engine has no item expiry.
    await ensureChatTable(client, table, { timeToLive: local.tablePath === undefined });
  } catch (error) {
    throw new LocalModeError(`The table ${table} at ${endpoint} cannot be used: ${toOneLine(error)}`, { cause: error });
  } finally {
    client.destroy();
  }
}

async function announce(environment: Environment, url: string, local: LocalParts | undefined): Promise<void> {
  if (!local) return logger.log(`Listening on ${url} and ${describeService(environment)}`);
  const { DATA_DIR: dataDir, DYNAMODB_TABLE: tableName, AWS_ENDPOINT_URL_DYNAMODB: endpoint = '' } = environment;
  if (await isWatchRestart({ dataDir, variables: process.env, parentPid: process.ppid })) {
    console.log(`  Restarted on ${url}`);
    return;
  }
  const storage = local.tablePath ?? endpoint;
  const outgoing = listOutgoing(environment, process.env, local.agent);
  const token = local.demoToken(environment);
  console.log(buildBanner({ agent: local.agent, url, tableName, storage, token, outgoing }));
}

/** Whether a terminal shows colours. It obeys NO_COLOR; files and pipes are no terminals. */
function hasColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.hasColors();
}

/** Names once what the table lacks. The service runs without it, and without the permission to look. */
async function warnOfTableGaps(environment: Environment): Promise<void> {
  const client = createDynamoDbClient(new TableSettings(environment));
  const gaps = await describeTableGaps(client, environment.DYNAMODB_TABLE);
  client.destroy();
  if (gaps !== undefined) new Logger('main').warn(gaps);
}

/** One line for errors that the operator can fix; the whole error, with its stack, for all others. */
function describeStartError(error: unknown): unknown {
  if (EXPLAINED_ERRORS.some((type) => error instanceof type)) return (error as Error).message;
  if (!(error instanceof Error)) return error;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} of ${address} is in use: stop what listens there or set PORT`;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'Local mode needs the development dependencies: run npm ci, or configure an agent (docs/agents.md)';
  }
  return syscall === undefined ? error : toOneLine(error);
}

/** The first signal lets running turns finish, then exits with 0. A later signal exits at once. */
function stopOnSignals(stop: () => Promise<void>): void {
  let firstAt: number | undefined;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (firstAt !== undefined) {
      if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
      return;
    }
    firstAt = Date.now();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

void bootstrap();
