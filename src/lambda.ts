import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { configure } from '@vendia/serverless-express';
import type { Context } from 'aws-lambda';
// Before the modules with decorators.
import { runInInvocation, startApp } from './lambda/start-app.js';
import { settled } from './app.js';
import { type HttpEvent, receiveEvent } from './lambda/event.js';
import type { BufferedRequest } from './lambda/in-process-request.js';
import type { HeaderLines } from './lambda/kinds/event-request.js';
import {
  type LambdaResponse,
  toFailureResponse,
  toLambdaResponse,
  toRefusalResponse,
  type WholeResponse,
} from './lambda/response.js';

type RequestEvent = Extract<HttpEvent, { readonly request: BufferedRequest }>;
type Handle = (event: unknown, context: Context) => Promise<LambdaResponse>;

/** Tells serverless-express the request of an event, and the form of its response. */
const eventSource = {
  getRequest: ({ event: { request } }: { event: RequestEvent }) => ({
    ...request,
    path: request.url,
    headers: { ...request.headers, 'content-length': [String(request.body.length)] },
  }),
  getResponse: ({ event, ...response }: WholeResponse & { event: RequestEvent }) =>
    toLambdaResponse(response, event.headerForm),
};

let handling: Promise<Handle> | undefined;

/** Creates the app, once. The loader waits for it before the first invocation, in time that no request pays. */
export function start(): Promise<Handle> {
  handling ??= buildHandle();
  return handling;
}

async function buildHandle(): Promise<Handle> {
  const app = await startApp(process.env);
  const handle = configure<RequestEvent, LambdaResponse>({
    app: app.getHttpAdapter().getInstance(),
    framework: createFramework(app.getHttpServer()),
    eventSource,
    // Otherwise serverless-express guesses the kind of the event.
    eventSourceName: 'HTTP',
    respondWithErrors: false,
    // It would log the messages of errors, which may quote the request.
    logSettings: { level: 'none' },
  });
  return (event, context) =>
    runInInvocation(context, async () => {
      const received = receiveEvent(app, event);
      if (received.refusal) {
        return toLambdaResponse(toRefusalResponse(received.refusal), received.headerForm);
      }
      try {
        // Typed for callbacks; without a callback it returns a promise.
        return await (handle(received, context, () => undefined) as Promise<LambdaResponse>);
      } catch (error) {
        return toLambdaResponse(toFailureResponse(error), received.headerForm);
      } finally {
        // Lambda freezes the process as soon as it has the response. A session that is being stopped would run on.
        await settled(app);
      }
    });
}

/**
 * Passes a request to the server as a socket does. It has all lines of its headers. Its response becomes
 * `writableFinished`, and then emits `close`.
 */
function createFramework(server: Server) {
  return {
    sendRequest: ({ request, response }: { request: IncomingMessage; response: ServerResponse }) => {
      const headersDistinct = request.headers as HeaderLines;
      const entries = Object.entries(headersDistinct);
      const headers: Record<string, string> = Object.fromEntries(
        entries.map(([name, lines]) => [name, lines.join(', ')]),
      );
      const rawHeaders = entries.flatMap(([name, lines]) => lines.flatMap((line) => [name, line]));
      Object.assign(request, { headersDistinct, headers, rawHeaders });
      Object.assign(response, { req: request });
      takeEverything(response);
      // In a microtask, because `writableFinished` becomes true only after the event.
      response.once('finish', () => queueMicrotask(() => response.emit('close')));
      server.emit('request', request, response);
    },
  };
}

/** The socket of serverless-express collects all bytes at once. It must not look as if it had no room for more. */
function takeEverything({ socket }: ServerResponse): void {
  if (!socket) return;
  const write = socket.write.bind(socket) as (...data: unknown[]) => unknown;
  const writeAll = (...data: unknown[]) => {
    write(...data);
    return true;
  };
  Object.assign(socket, { writableLength: 0, write: writeAll });
}

/** Handles one event of any kind. It has two parameters because Lambda refuses handlers that could take a callback. */
export async function handler(event: unknown, context: Context): Promise<LambdaResponse> {
  const handle = await start();
  return handle(event, context);
}
