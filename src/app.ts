import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { ChatModule } from './chat/chat.module.js';
import type { Environment } from './config/environment.js';
import { PROBE_ROUTES } from './health/health.controller.js';
import { createAccessLog } from './http/middleware/access-log.js';
import { buildCorsOptions } from './http/middleware/cors.js';
import { LimitedExpressAdapter } from './http/server/limited-express.adapter.js';
import { requestId } from './http/middleware/request-id.js';
import { RequestLogger } from './telemetry/request-logger.js';
import { securityHeaders } from './http/middleware/security-headers.js';

export interface AppOptions {
  /** Log lines for people instead of JSON. */
  readonly local?: boolean;
  /** Modules that only this entry has. */
  readonly additions?: readonly DynamicModule[];
}

/** Creates the app for every entry and test: initialised, not listening. */
export async function createApp(
  environment: Environment,
  { local = false, additions = [] }: AppOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(environment, additions),
    new LimitedExpressAdapter(),
    {
      logger: new RequestLogger(environment.LOG_LEVEL, { json: !local }),
      bodyParser: false,
      abortOnError: false,
    },
  );
  app.disable('etag');
  app.use(requestId, createAccessLog(PROBE_ROUTES), securityHeaders);
  // After the request id, because this responds to preflights itself.
  if (environment.CORS_ORIGINS !== undefined) app.enableCors(buildCorsOptions(environment.CORS_ORIGINS));
  return app.init();
}

/**
 * Waits until no turn runs any more, and until no session of the agent is being stopped. Turns whose callers have
 * disconnected count too.
 */
export async function settled(app: NestExpressApplication): Promise<void> {
  await app.get(ChatModule).idle();
}
