import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Context } from 'aws-lambda';
// Before the modules with decorators.
import { runInInvocation, startApp } from './lambda/start-app.js';
import { settled } from './app.js';
import { sendInProcess, dropConnectionHeaders } from './lambda/in-process-request.js';
import type { LambdaEvent } from './lambda/event.js';
import { toRequest } from './lambda/request.js';

/** Creates the app, once. The loader waits for it before the first invocation. */
export const start = () => startApp(process.env);

/**
 * Handles an event of any kind, for any route, with a streamed response.
 * It returns after the response has ended and every turn is stored, even if the client has disconnected.
 * Lambda freezes the process as soon as it returns.
 */
async function respond(
  event: LambdaEvent | null,
  stream: awslambda.HttpResponseStream,
  context: Context,
): Promise<void> {
  const app = await start();
  try {
    const request = toRequest(event);
    const response = await runInInvocation(context, () => sendInProcess(app.getHttpServer(), request));
    await pipeResponse(response, stream);
  } finally {
    await settled(app);
  }
}

/** Copies a response with back-pressure. The stream ends with the response, complete or aborted. */
async function pipeResponse(response: IncomingMessage, to: awslambda.HttpResponseStream): Promise<void> {
  const stream = awslambda.HttpResponseStream.from(to, buildPrelude(response));
  const abort = () => void response.destroy();
  stream.on('error', abort).on('close', abort);
  // The first write sends status and headers. A response without a body would never write.
  stream.write('');
  response.pipe(stream, { end: false });
  await finished(response).catch(() => undefined);
  stream.end();
}

/** Status and headers as Lambda takes them. The gateway adds `date` and the headers of its own connection. */
function buildPrelude({ statusCode, headers: { date: _, ...headers } }: IncomingMessage): Record<string, unknown> {
  return { statusCode, headers: dropConnectionHeaders(headers) };
}

/** `streamifyResponse` exists only on Lambda; the build of the code cache calls the plain function. */
export const handler = globalThis.awslambda?.streamifyResponse?.(respond) ?? respond;
