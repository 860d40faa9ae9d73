import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Context } from 'aws-lambda';
// Before the modules with decorators.
import { runInInvocation, startApp } from './lambda/start-app.js';
import { settled } from './app.js';
import { receiveEvent } from './lambda/event.js';
import type { HeaderForm } from './lambda/kinds/event-request.js';
import { sendInProcess } from './lambda/in-process-request.js';
import { toFailureResponse, toHeaderFields, toRefusalResponse, type WholeResponse } from './lambda/response.js';

/** Creates the app, once. The loader waits for it before the first invocation. */
export const start = () => startApp(process.env);

/**
 * Handles an event of any kind, for any route, with a streamed response.
 * It returns after the response has ended and every turn is stored, even if the client has disconnected.
 * Lambda freezes the process as soon as it returns.
 */
async function respond(event: unknown, stream: awslambda.HttpResponseStream, context: Context): Promise<void> {
  const app = await start();
  try {
    await runInInvocation(context, async () => {
      const { request, refusal, headerForm } = receiveEvent(app, event);
      const send = ({ body, ...head }: WholeResponse) => void openStream(stream, head, headerForm).end(body);
      if (refusal) {
        send(toRefusalResponse(refusal));
        return;
      }
      const sending = sendInProcess(app.getHttpServer(), request);
      await sending.then(
        (response) => pipeResponse(response, stream, headerForm),
        (error: unknown) => send(toFailureResponse(error)),
      );
    });
  } finally {
    await settled(app);
  }
}

/** Copies a response with back-pressure. The stream ends with the response, complete or aborted. */
async function pipeResponse(
  response: IncomingMessage,
  to: awslambda.HttpResponseStream,
  form: HeaderForm,
): Promise<void> {
  const { date: _, ...headers } = response.headers;
  const stream = openStream(to, { statusCode: response.statusCode ?? 0, headers }, form);
  const abort = () => void response.destroy();
  stream.on('error', abort).on('close', abort);
  response.pipe(stream, { end: false });
  await finished(response).catch(() => undefined);
  stream.end();
}

/** Sends status and headers. A sender that reads either form gets `headers`. */
function openStream(
  stream: awslambda.HttpResponseStream,
  { statusCode, headers }: Pick<WholeResponse, 'statusCode' | 'headers'>,
  form: HeaderForm,
): awslambda.HttpResponseStream {
  const opened = awslambda.HttpResponseStream.from(stream, {
    statusCode,
    ...toHeaderFields(headers, form === 'multi'),
  });
  // The first write sends them. A response without a body would never write, and `end` alone does not.
  opened.write('');
  return opened;
}

/** `streamifyResponse` exists only on Lambda; the build of the code cache calls the plain function. */
export const handler = globalThis.awslambda?.streamifyResponse?.(respond) ?? respond;
