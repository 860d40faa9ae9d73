import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import type { Request, Response } from 'express';
// Before the modules with decorators.
import { runInInvocation, startApp } from './lambda/start-app.js';
import { settled } from './app.js';
import { toHttpEvent, type LambdaEvent } from './lambda/event.js';

/** A response in the form that the event's sender reads: `multiValueHeaders` for a REST API, otherwise `headers`. */
export interface LambdaResponse {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

type Express = (request: Request, response: Response) => void;

/** Passes a request to Express with a response that ends as on a socket: `writableFinished`, then `close`. */
const expressFramework = {
  sendRequest: ({ app, request, response }: { app?: Express; request: Request; response: Response }) => {
    Object.assign(response.socket ?? {}, { writableLength: 0 });
    // In a microtask, because `writableFinished` becomes true only after the event.
    response.once('finish', () => queueMicrotask(() => response.emit('close')));
    app?.(request, response);
  },
};

type Handle = (event: object, context: Context) => Promise<LambdaResponse>;

let handling: Promise<Handle> | undefined;

/** Creates the app, once. The loader waits for it before the first invocation, in time that no request pays. */
export function start(): Promise<Handle> {
  handling ??= buildHandle();
  return handling;
}

async function buildHandle(): Promise<Handle> {
  const app = await startApp(process.env);
  const handle = configure<object, LambdaResponse>({
    app: app.getHttpAdapter().getInstance(),
    framework: expressFramework,
    respondWithErrors: false,
  });
  return async (event, context) => {
    // Typed for callbacks; without a callback it returns a promise.
    const response = await (handle(event, context, () => undefined) as Promise<LambdaResponse>);
    // Lambda freezes the process as soon as it has the response. A session that is being stopped would run on.
    await settled(app);
    return response;
  };
}

/** Handles one event. It has two parameters because Lambda refuses handlers that could take a callback. */
export async function handler(lambdaEvent: LambdaEvent | null, context: Context): Promise<LambdaResponse> {
  const handle = await start();
  const { event, multiValue } = toHttpEvent(lambdaEvent);
  const response = await runInInvocation(context, () => handle(event, context));
  return multiValue ? response : toPlainHeaders(response);
}

function toPlainHeaders({ multiValueHeaders, ...response }: LambdaResponse): LambdaResponse {
  if (!multiValueHeaders) return response;
  const headers = Object.entries(multiValueHeaders).map(([name, lines]) => [name, lines.join(',')] as const);
  return { ...response, headers: Object.fromEntries(headers) };
}
