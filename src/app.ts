import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { ChatModule } from './chat/chat.module.js';
import type { Environment } from './config/environment.js';
import { HttpSettings } from './config/settings.js';
import { PROBE_ROUTES } from './health/health.controller.js';
import { createAccessLog } from './http/middleware/access-log.js';
import { createBasePath } from './http/middleware/base-path.js';
import { buildCorsRules, toCorsOptions } from './http/middleware/cors.js';
import { createPreflightLog } from './http/middleware/preflight-log.js';
import { LimitedExpressAdapter } from './http/server/limited-express.adapter.js';
import { requestId } from './http/middleware/request-id.js';
import { RequestLogger } from './telemetry/request-logger.js';
import { securityHeaders } from './http/middleware/security-headers.js';

/** A module that not every entry has. */
export type Addition = DynamicModule | Type;

export interface AppOptions {
  /** Log lines for people instead of JSON. */
  readonly local?: boolean;
  /** Colours in lines for people. */
  readonly colors?: boolean;
  /** Modules that only this entry has. */
  readonly additions?: readonly Addition[];
}

/** Creates the app for every entry and test: initialised, not listening. */
export async function createApp(
  environment: Environment,
  { local = false, colors = false, additions = [] }: AppOptions = {},
): Promise<NestExpressApplication> {
  const { keepAliveTimeout, basePath, corsOrigins, corsHeaders } = new HttpSettings(environment);
  const logger = new RequestLogger(environment.LOG_LEVEL, { json: !local, colors });
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(environment, additions),
    new LimitedExpressAdapter({ keepAlive: keepAliveTimeout }),
    { logger, bodyParser: false, abortOnError: false },
  );
  app.disable('etag');
  if (basePath !== undefined) app.use(createBasePath(basePath));
  const rules = buildCorsRules(corsOrigins, corsHeaders);
  app.use(requestId, createAccessLog(PROBE_ROUTES), securityHeaders, createPreflightLog(rules));
  // After the request id, because this responds to preflights itself.
  if (corsOrigins.length > 0) app.enableCors(toCorsOptions(rules));
  await app.init();
  logger.endStart();
  return app;
}

/**
 * Waits until no turn runs any more, and until no session of the agent is being stopped. Turns whose callers have
 * disconnected count too.
 */
export async function settled(app: NestExpressApplication): Promise<void> {
  await app.get(ChatModule).idle();
}
