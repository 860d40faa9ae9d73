import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { buildRestEvent } from '../../../scripts/lambda/events.js';
import type { LocalFunction } from '../../../scripts/lambda/local-function.js';
import type { StreamedResponse } from '../../../scripts/lambda/streamed-response.js';
import type { LambdaResponse } from '../../../src/lambda/response.js';
import { parseStream, type WholeStream } from '../ui-stream.js';

/** A request to the REST API. */
export interface Call {
  readonly method?: string;
  readonly url?: string;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The function's remaining time, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A client of the streaming function, with a token. */
export class FunctionCaller {
  constructor(
    private readonly lambda: LocalFunction,
    private readonly token: string,
  ) {}

  /** Sends a request, by default a turn to `/chat/stream`. The body of the response is unread. */
  async open(call: Call): Promise<StreamedResponse> {
    return this.lambda.invokeStream(JSON.stringify(this.event(call)), call.timeoutMs);
  }

  /** Sends a request and reads the complete response. */
  async ask(call: Call): Promise<WholeStream> {
    const { body: stream, ...prelude } = await this.open(call);
    const body = await text(stream);
    return parseStream(prelude.statusCode, new Headers(prelude.headers), body);
  }

  /** Reads the messages of a chat with the same function. */
  async stored(chatId: string): Promise<{ content: string; status?: string }[]> {
    const { raw } = await this.ask({ method: 'GET', url: `/chats/${chatId}` });
    return (JSON.parse(raw) as { chat: { messages: { content: string; status?: string }[] } }).chat.messages;
  }

  /** The event of a request. */
  event({ method = 'POST', url = '/chat/stream', body, headers = {} }: Call): object {
    const all = { id_token: this.token, 'content-type': 'application/json', ...headers };
    const bytes = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
    const rawHeaders = Object.entries(all).flat();
    return buildRestEvent({ method, url, rawHeaders, body: Buffer.from(bytes) });
  }
}

/** Invokes a function that streams, and reads the complete response. */
export async function invokeWhole(lambda: LocalFunction, event: string): Promise<LambdaResponse> {
  const { body, ...prelude } = await lambda.invokeStream(event);
  return { ...prelude, body: await text(body) };
}

/** The next piece of a body. */
export async function nextOf(body: Readable): Promise<unknown> {
  for await (const piece of body.iterator({ destroyOnReturn: false })) return piece;
  throw new Error('The body has ended');
}
