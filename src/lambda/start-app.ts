// First: the decorators of everything below write into it.
import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Context } from 'aws-lambda';
import { createApp } from '../app.js';
import { resolveSecrets } from '../config/resolve-secrets.js';
import { ConfigurationError, loadEnvironment } from '../config/environment.js';
import { runWithRequestContext } from '../common/request-context.js';

let app: Promise<NestExpressApplication> | undefined;

/** The app of this environment, made once; a configuration that is not valid ends the process with one line. */
export function startApp(): Promise<NestExpressApplication> {
  app ??= makeApp().catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    // One line, because every line is an entry of the log.
    console.error(`The configuration is not valid: ${error.problems.join('; ')}`);
    process.exit(1);
  });
  return app;
}

async function makeApp(): Promise<NestExpressApplication> {
  return createApp(loadEnvironment(await resolveSecrets(process.env)));
}

/** Runs `work` with the invocation's id as the request's, and with the time that is left of it as the deadline. */
export function inInvocation<T>(context: Context, work: () => T): T {
  const deadline = Date.now() + context.getRemainingTimeInMillis();
  return runWithRequestContext({ requestId: context.awsRequestId, deadline }, work);
}
