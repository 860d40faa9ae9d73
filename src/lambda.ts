// First: the decorators of everything below write into it.
import 'reflect-metadata';
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import type { Request, Response } from 'express';
import { createApp } from './app.js';
import { resolveSecrets } from './aws/secret.js';
import { ConfigurationError, loadEnvironment } from './config/environment.js';
import { httpEventOf, type LambdaEvent } from './lambda-event.js';
import { runWithRequestContext } from './request-context.js';

/** An answer in the form of the event: `multiValueHeaders` for a REST API, `headers` for everyone else. */
export interface LambdaAnswer {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

type Express = (request: Request, response: Response) => void;

/**
 * Passes a request on as Node's own server does: with a body that is still to be read and not read already, and with
 * an end that is told to those who wait for it.
 */
const asServer = {
  sendRequest: ({ app, request, response }: { app?: Express; request: Request; response: Response }) => {
    delete request.body;
    Object.assign(request.socket, { readable: true });
    Object.assign(response.socket ?? {}, { writableLength: 0 });
    // Later, because the end comes before the response has noticed that it is finished.
    response.once('finish', () => queueMicrotask(() => response.emit('close')));
    app?.(request, response);
  },
};

async function start(): Promise<(event: object, context: Context) => Promise<LambdaAnswer>> {
  const app = await createApp(loadEnvironment(await resolveSecrets(process.env)));
  const handle = configure<object, LambdaAnswer>({
    app: app.getHttpAdapter().getInstance(),
    framework: asServer,
    respondWithErrors: false,
  });
  // Its types promise what a callback might be given; without one it returns a promise.
  return (event, context) => handle(event, context, () => undefined) as Promise<LambdaAnswer>;
}

/**
 * The app, being made since this module was loaded. Whoever loads it waits for this, so that it happens while Lambda
 * starts the environment, which is faster and not part of a request.
 */
export const ready = start().catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error;
  // One line, because every line is an entry of the log.
  console.error(`The configuration is not valid: ${error.problems.join('; ')}`);
  process.exit(1);
});

/** Answers one event. With two parameters: Lambda refuses handlers that could take a callback. */
export async function handler(lambdaEvent: LambdaEvent | null, context: Context): Promise<LambdaAnswer> {
  const handle = await ready;
  const { event, multiValue } = httpEventOf(lambdaEvent);
  const deadline = Date.now() + context.getRemainingTimeInMillis();
  const answer = await runWithRequestContext({ requestId: context.awsRequestId, deadline }, () =>
    handle(event, context),
  );
  return multiValue ? answer : withPlainHeaders(answer);
}

function withPlainHeaders({ multiValueHeaders, ...answer }: LambdaAnswer): LambdaAnswer {
  if (!multiValueHeaders) return answer;
  const headers = Object.entries(multiValueHeaders).map(([name, lines]) => [name, lines.join(',')] as const);
  return { ...answer, headers: Object.fromEntries(headers) };
}
