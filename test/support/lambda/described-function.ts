import { PassThrough, pipeline, type Readable } from 'node:stream';
import { LocalFunction, type LocalFunctionOptions } from '../../../scripts/lambda/local-function.js';
import type { LambdaResponse } from '../../../src/lambda/response.js';
import { silence } from '../silence.js';
import { expectDescribedResult } from './answers.js';

/** Starts the package in its own process. Every response is compared with openapi.json, and every line is checked. */
export async function startDescribedFunction(options: LocalFunctionOptions): Promise<LocalFunction> {
  const log = (text: string) => {
    silence.wrote('the function', text);
    options.log?.(text);
  };
  const lambda = await LocalFunction.start({ ...options, log });
  const invoke = lambda.invoke.bind(lambda);
  const invokeStream = lambda.invokeStream.bind(lambda);
  const described: Pick<LocalFunction, 'invoke' | 'invokeStream'> = {
    invoke: async (event, timeoutMs) => {
      const response = await invoke(event, timeoutMs);
      expectDescribedResult(JSON.parse(event), response as LambdaResponse);
      return response;
    },
    invokeStream: async (event, timeoutMs) => {
      const { body, ...prelude } = await invokeStream(event, timeoutMs);
      const hear = (text?: string) => expectDescribedResult(JSON.parse(event), { ...prelude, body: text });
      hear();
      return { ...prelude, body: hearWhole(body, hear) };
    },
  };
  return Object.assign(lambda, described);
}

/** A copy of a body that is heard once it has ended. */
function hearWhole(body: Readable, hear: (text: string) => void): Readable {
  const chunks: Buffer[] = [];
  const tap = new PassThrough({
    transform: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done(null, chunk);
    },
    flush: (done) => {
      hear(Buffer.concat(chunks).toString());
      done();
    },
  });
  // Its reader gets its errors.
  return pipeline(body, tap, () => undefined);
}
