import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Context } from 'aws-lambda';
// Before what has decorators.
import { inInvocation, startApp } from './lambda/start-app.js';
import { ChatService } from './chat/service/chat.service.js';
import { sendInProcess, dropConnectionHeaders } from './lambda/in-process-request.js';
import type { LambdaEvent } from './lambda/event.js';
import { toRequest } from './lambda/request.js';

export { startApp as start } from './lambda/start-app.js';

/**
 * Answers one event of any kind, and any route, with a stream. It ends when the answer has ended and every turn is
 * stored, because the environment is frozen after it: also when nobody reads any more.
 */
async function respond(
  event: LambdaEvent | null,
  stream: awslambda.HttpResponseStream,
  context: Context,
): Promise<void> {
  const app = await startApp();
  try {
    await pass(await inInvocation(context, () => sendInProcess(app.getHttpServer(), toRequest(event))), stream);
  } finally {
    await app.get(ChatService).idle();
  }
}

/** Passes an answer on as fast as it is taken, and ends with it, broken off or not. */
async function pass(answer: IncomingMessage, to: awslambda.HttpResponseStream): Promise<void> {
  const stream = awslambda.HttpResponseStream.from(to, preludeOf(answer));
  const leave = () => void answer.destroy();
  stream.on('error', leave).on('close', leave);
  // Status and headers go out with the first write, which an answer without a body has none of.
  stream.write('');
  answer.pipe(stream, { end: false });
  await finished(answer).catch(() => undefined);
  stream.end();
}

/** Status and headers in the form of Lambda; `date` and the form of the body's transfer are the gateway's to add. */
function preludeOf({ statusCode, headers: { date: _, ...headers } }: IncomingMessage): Record<string, unknown> {
  return { statusCode, headers: dropConnectionHeaders(headers) };
}

/** Marked as one that streams where there is Lambda to do it: the code cache is made elsewhere. */
export const handler = globalThis.awslambda?.streamifyResponse?.(respond) ?? respond;
