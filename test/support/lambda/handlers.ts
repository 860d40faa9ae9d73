import type { Writable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import type { HeaderFields, LambdaResponse } from '../../../src/lambda/response.js';
import { startApp } from '../../../src/lambda/start-app.js';
import { useTimeouts } from '../client-timeouts.js';
import { expectDescribedResult } from './answers.js';

type Variables = Readonly<Record<string, string>>;

export type Handler = (event: unknown, context: Context) => Promise<LambdaResponse>;

/** Status and headers of a streamed response. */
interface Prelude extends HeaderFields {
  readonly statusCode: number;
}

interface Streaming {
  readonly context: Context;
  /** Whether the app cuts its response, so that the stream ends without the end of the body. */
  readonly isCut?: boolean;
}

/** Handles an event as the function does, and returns what was sent before the body. */
export type StreamingHandler = (event: unknown, stream: Writable, options: Streaming) => Promise<Prelude>;

/** The entry as Jest runs it, without Lambda. */
type Entry = (event: unknown, stream: Writable, context: Context) => Promise<void>;

/**
 * Imports `lambda.handler`. Every response is compared with openapi.json.
 *
 * @param variables - of the app. A test file has one app, so the first ones count.
 */
export async function importHandler(variables: Variables): Promise<Handler> {
  // An entry reads the environment while it is imported.
  Object.assign(process.env, variables);
  const { handler } = await import('../../../src/lambda.js');
  useTimeouts((await startApp(process.env)).get(DynamoDBClient));
  return async (event, context) => {
    const response = await handler(event, context);
    expectDescribedResult(event, response);
    return response;
  };
}

/** Imports `lambda-stream.handler`. Every response is compared with openapi.json, as far as the stream takes it. */
export async function importStreamingHandler(variables: Variables): Promise<StreamingHandler> {
  Object.assign(process.env, variables);
  const preludes = new WeakMap<Writable, Prelude>();
  const from = (stream: Writable, prelude: Prelude) => {
    preludes.set(stream, prelude);
    return stream;
  };
  // As outside Lambda, where `streamifyResponse` does not exist.
  Object.assign(globalThis, { awslambda: { HttpResponseStream: { from } } });
  const { handler } = (await import('../../../src/lambda-stream.js')) as unknown as { readonly handler: Entry };
  useTimeouts((await startApp(process.env)).get(DynamoDBClient));
  return async (event, stream, { context, isCut = false }) => {
    const sent = hearWrites(stream, () => preludes.get(stream));
    await handler(event, stream, context);
    if (!sent.prelude) throw new Error('The handler has sent no status and headers');
    const isWhole = stream.writableEnded && !stream.errored && !isCut;
    const body = isWhole ? Buffer.concat(sent.chunks).toString() : undefined;
    expectDescribedResult(event, { ...sent.prelude, body });
    return sent.prelude;
  };
}

interface Sent {
  prelude?: Prelude | undefined;
  readonly chunks: Buffer[];
}

/** Hears what is written. Lambda sends the prelude with the first write, and `end` alone is no write. */
function hearWrites(stream: Writable, findPrelude: () => Prelude | undefined): Sent {
  const sent: Sent = { chunks: [] };
  const write = stream.write.bind(stream) as (chunk: Uint8Array | string) => boolean;
  const end = stream.end.bind(stream) as (chunk?: Uint8Array | string) => Writable;
  const hear = (chunk: Uint8Array | string) => sent.chunks.push(Buffer.from(chunk));
  Object.assign(stream, {
    write: (chunk: Uint8Array | string) => {
      sent.prelude ??= findPrelude();
      hear(chunk);
      return write(chunk);
    },
    end: (chunk: Uint8Array | string = '') => {
      hear(chunk);
      return end(chunk);
    },
  });
  return sent;
}
