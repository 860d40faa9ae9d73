import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { Environment } from './config/environment.js';
import { accessLog } from './http/middleware/access-log.js';
import { buildCorsOptions } from './http/middleware/cors.js';
import { LimitedExpressAdapter } from './http/server/limited-express.adapter.js';
import { requestId } from './http/middleware/request-id.js';
import { RequestLogger } from './telemetry/request-logger.js';
import { securityHeaders } from './http/middleware/security-headers.js';

export interface AppOptions {
  /** Log for people instead of as JSON. */
  readonly local?: boolean;
}

/** Makes the app as every entry and every test uses it: initialised, not listening. */
export async function createApp(
  environment: Environment,
  { local = false }: AppOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(environment),
    new LimitedExpressAdapter(),
    {
      logger: new RequestLogger(environment.LOG_LEVEL, { json: !local }),
      bodyParser: false,
      abortOnError: false,
    },
  );
  app.disable('etag');
  app.use(requestId, accessLog, securityHeaders);
  // After the request id, because this answers preflights itself.
  if (environment.CORS_ORIGINS !== undefined) app.enableCors(buildCorsOptions(environment.CORS_ORIGINS));
  return app.init();
}
