import { text } from 'node:stream/consumers';
import { buildRestEvent } from '../../../scripts/lambda/events.js';
import type { LocalFunction } from '../../../scripts/lambda/local-function.js';
import type { StreamedResponse } from '../../../scripts/lambda/streamed-response.js';
import { parseStream, type WholeStream } from '../ui-stream.js';

/** A request as a caller of the REST API sends it. */
export interface Call {
  readonly method?: string;
  readonly url?: string;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the function is told that it has, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A caller of the function that streams, with a token. */
export class FunctionCaller {
  constructor(
    private readonly lambda: LocalFunction,
    private readonly token: string,
  ) {}

  /** Sends a request, by default a turn to `/chat/stream`; the answer's body is still to be read. */
  async open(call: Call): Promise<StreamedResponse> {
    return this.lambda.invokeStream(JSON.stringify(this.event(call)), call.timeoutMs);
  }

  /** Sends a request and reads the whole answer, as a stream where it is one. */
  async ask(call: Call): Promise<WholeStream> {
    const { statusCode, headers, body } = await this.open(call);
    return parseStream(statusCode, new Headers(headers), await text(body));
  }

  /** The messages of a chat, read by the same function. */
  async stored(chatId: string): Promise<{ content: string; status?: string }[]> {
    const { raw } = await this.ask({ method: 'GET', url: `/chats/${chatId}` });
    return (JSON.parse(raw) as { chat: { messages: { content: string; status?: string }[] } }).chat.messages;
  }

  private event({ method = 'POST', url = '/chat/stream', body, headers = {} }: Call): object {
    const all = { id_token: this.token, 'content-type': 'application/json', ...headers };
    const bytes = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
    return buildRestEvent({ method, url, rawHeaders: Object.entries(all).flat(), body: Buffer.from(bytes) });
  }
}
