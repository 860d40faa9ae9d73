import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.js';
import { TableSettings } from './config/settings.js';
import { createDynamoDbClient } from './dynamodb/dynamodb.client.js';
import { resolveSecrets } from './config/resolve-secrets.js';
import { ensureChatTable } from './dynamodb/table-schema.js';
import { ConfigurationError, type Environment, loadEnvironment } from './config/environment.js';
import { Connections } from './http/server/connections.js';
import { banner, reachableUrl } from './local/banner.js';
import { resolveDataDir, dummyCredentials, toOneLine, LocalModeError, wantsLocalMode } from './local/local-mode.js';
import type { LocalParts } from './local/start-local.js';

/** Ctrl-C under npm arrives three times, from the terminal, npm and nest: what comes so soon is still the first. */
const SAME_SIGNAL_MS = 500;
/** Running turns end within their own grace of ten seconds; what is open after this was never going to be one. */
const CONNECTION_GRACE_MS = 12_000;

async function bootstrap(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  let local: LocalParts | undefined;
  let app: NestExpressApplication | undefined;
  let connections: Connections | undefined;
  let failed = false;
  try {
    local = wantsLocalMode(process.env) ? await startLocalParts() : undefined;
    const environment = loadEnvironment(await resolveSecrets({ ...process.env, ...local?.variables }));
    if (local) await prepareTable(environment, local);
    app = await createApp(environment, { local: local !== undefined });
    connections = new Connections(app.getHttpServer());
    const { port } = await listen(app.getHttpServer(), environment);
    announce(environment, reachableUrl(environment.HOST, port), local);
  } catch (error) {
    console.error(startProblem(error));
    failed = true;
  }
  const stop = async () => {
    const stopClock = connections?.drain(CONNECTION_GRACE_MS);
    await app?.close().finally(stopClock);
    await local?.close();
  };
  if (failed) return stop().finally(() => process.exit(1));
  stopOnSignals(stop);
}

/** Not `app.listen`, which logs a port in use as an error with its stack before it throws. */
async function listen(server: Server, { PORT, HOST }: Environment): Promise<AddressInfo> {
  server.listen(PORT, HOST);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** Loaded only here, so that production needs neither the emulators nor what they are built on. */
async function startLocalParts(): Promise<LocalParts> {
  const { startLocal } = await import('./local/start-local.js');
  Object.assign(process.env, dummyCredentials(process.env));
  return startLocal({ dataDir: resolveDataDir(process.env), variables: process.env });
}

async function prepareTable(environment: Environment, local: LocalParts): Promise<void> {
  const { DYNAMODB_TABLE: table, AWS_ENDPOINT_URL_DYNAMODB: endpoint } = environment;
  const client = createDynamoDbClient(new TableSettings(environment));
  try {
    // The embedded engine knows no expiry.
    await ensureChatTable(client, table, { timeToLive: local.tablePath === undefined });
  } catch (error) {
    throw new LocalModeError(`The table ${table} at ${endpoint} cannot be used: ${toOneLine(error)}`, { cause: error });
  } finally {
    client.destroy();
  }
}

function announce(environment: Environment, url: string, local: LocalParts | undefined): void {
  if (!local) return new Logger('main').log(`Listening on ${url}`);
  const storage = local.tablePath ?? environment.AWS_ENDPOINT_URL_DYNAMODB ?? '';
  console.log(banner({ url, tableName: environment.DYNAMODB_TABLE, storage, token: local.demoToken(environment) }));
}

/** One line for what the person who starts the service can mend; everything for what only its authors can. */
function startProblem(error: unknown): unknown {
  if (error instanceof ConfigurationError || error instanceof LocalModeError) return error.message;
  if (!(error instanceof Error)) return error;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} of ${address} is in use: stop what listens there or set PORT`;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return 'Local mode needs the development dependencies: run npm ci, or set AGENT_ID and AGENT_ALIAS_ID';
  }
  return syscall === undefined ? error : toOneLine(error);
}

/** The first signal lets running turns finish and ends with 0; a later one ends at once. */
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
