// First: the decorators of every module below need it.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Context } from 'aws-lambda';
import { createApp } from '../app.js';
import { resolveSecrets } from '../config/resolve-secrets.js';
import { ConfigurationError, findMisspelt, loadEnvironment, type RawEnvironment } from '../config/environment.js';
import { runWithRequestContext } from '../common/request-context.js';

const logger = new Logger('start');
let app: Promise<NestExpressApplication> | undefined;

/**
 * Returns the app of this execution environment. The first call creates it.
 * An invalid configuration ends the process with one line on standard error.
 *
 * @param variables - the environment variables. Only the first call reads them.
 */
export function startApp(variables: RawEnvironment): Promise<NestExpressApplication> {
  app ??= buildApp(variables).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    // One line, because Lambda logs every line as an entry of its own. It adds the time and the level to `console.error`.
    // oxlint-disable-next-line no-console -- the app, and with it its logger, could not be created
    console.error(`The configuration is not valid: ${error.problems.join('; ')}`);
    process.exit(1);
  });
  return app;
}

async function buildApp(variables: RawEnvironment): Promise<NestExpressApplication> {
  const created = await createApp(loadEnvironment(await resolveSecrets(variables)));
  for (const line of findMisspelt(variables)) logger.warn(line);
  return created;
}

/** Runs `work` with the invocation's id as the request id, and its remaining time as the deadline. */
export function runInInvocation<T>(context: Context, work: () => T): T {
  const deadline = Date.now() + context.getRemainingTimeInMillis();
  return runWithRequestContext({ requestId: context.awsRequestId, deadline }, work);
}
