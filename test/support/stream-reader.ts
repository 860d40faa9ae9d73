import { once } from 'node:events';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { tokenOf } from './tokens.js';
import { parseStream, type WholeStream } from './ui-stream.js';

/**
 * A client of a stream that reads event by event, and may leave. It does not use `fetch`, which opens another connection when
 * a request is aborted: the server would wait for that one when it closes.
 */
export class StreamReader {
  /** What was read so far. */
  private text = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('error', () => undefined);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): Headers {
    return new Headers(Object.entries(this.response.headers).map(([name, value]) => [name, String(value)]));
  }

  /** Sends a turn to `POST /chat/stream`. Resolves when the response begins. */
  static async send(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<StreamReader> {
    const json = { id_token: tokenOf('alice'), 'content-type': 'application/json', ...headers };
    return StreamReader.open(`${url}/chat/stream`, { method: 'POST', headers: json }, JSON.stringify(body));
  }

  /** Joins the running turn of a chat. */
  static async resume(url: string, chatId: string, user = 'alice'): Promise<StreamReader> {
    return StreamReader.open(`${url}/chat/stream/${chatId}/stream`, { headers: { id_token: tokenOf(user) } });
  }

  private static async open(url: string, options: RequestOptions, body?: string): Promise<StreamReader> {
    const sent = request(url, { ...options, agent: false }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new StreamReader(response);
  }

  /** Reads until the text so far holds `wanted`. */
  async readUntil(wanted: string): Promise<void> {
    if (this.text.includes(wanted)) return;
    for await (const piece of this.response.iterator({ destroyOnReturn: false })) {
      this.text += piece as string;
      if (this.text.includes(wanted)) return;
    }
    throw new Error(`The stream ended without ${wanted}`);
  }

  /** Reads to the end of the stream. */
  async readRest(): Promise<WholeStream> {
    for await (const piece of this.response) this.text += piece as string;
    return parseStream(this.status, this.headers, this.text);
  }

  leave(): void {
    this.response.destroy();
  }
}
