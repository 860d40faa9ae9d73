import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
import type { Request, Response } from 'express';
import { inInvocation, startApp } from './lambda/start-app.js';
import { toHttpEvent, type LambdaEvent } from './lambda/event.js';

/** An answer in the form of the event: `multiValueHeaders` for a REST API, `headers` for everyone else. */
export interface LambdaResponse {
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

type Handle = (event: object, context: Context) => Promise<LambdaResponse>;

let handling: Promise<Handle> | undefined;

/**
 * Makes the app ready, once. The loader waits for this while Lambda starts the environment, which is faster and not
 * part of a request.
 */
export function start(): Promise<Handle> {
  handling ??= makeHandle();
  return handling;
}

async function makeHandle(): Promise<Handle> {
  const app = await startApp();
  const handle = configure<object, LambdaResponse>({
    app: app.getHttpAdapter().getInstance(),
    framework: asServer,
    respondWithErrors: false,
  });
  // Its types promise what a callback might be given; without one it returns a promise.
  return (event, context) => handle(event, context, () => undefined) as Promise<LambdaResponse>;
}

/** Answers one event. With two parameters: Lambda refuses handlers that could take a callback. */
export async function handler(lambdaEvent: LambdaEvent | null, context: Context): Promise<LambdaResponse> {
  const handle = await start();
  const { event, multiValue } = toHttpEvent(lambdaEvent);
  const answer = await inInvocation(context, () => handle(event, context));
  return multiValue ? answer : withPlainHeaders(answer);
}

function withPlainHeaders({ multiValueHeaders, ...answer }: LambdaResponse): LambdaResponse {
  if (!multiValueHeaders) return answer;
  const headers = Object.entries(multiValueHeaders).map(([name, lines]) => [name, lines.join(',')] as const);
  return { ...answer, headers: Object.fromEntries(headers) };
}
