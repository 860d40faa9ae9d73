import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
// Not from the package's root, which loads what reads uploaded files.
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';
import { AppModule } from './app.module.js';
import type { Environment } from './config/environment.js';
import { accessLog } from './http/access-log.js';
import { requestId } from './http/request-id.js';
import { RequestLogger } from './http/request-logger.js';

export interface AppOptions {
  /** Log for people instead of as JSON. */
  readonly local?: boolean;
}

/** Makes the app as every entry and every test uses it: initialised, not listening. */
export async function createApp(
  environment: Environment,
  { local = false }: AppOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(environment), new ExpressAdapter(), {
    logger: new RequestLogger(environment.LOG_LEVEL, { json: !local }),
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestId, accessLog);
  return app.init();
}
