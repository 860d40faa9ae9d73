import { tokenOf } from './tokens.js';
import { parseStream, type WholeStream } from './ui-stream.js';

/** A client of a stream that reads event by event, and may leave. */
export class StreamReader {
  /** What was read so far. */
  text = '';

  private constructor(
    readonly response: Response,
    private readonly leaving: AbortController,
    private readonly pieces: AsyncIterator<string>,
  ) {}

  /** Sends a turn to `POST /chat/stream`. Resolves when the response begins. */
  static async send(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<StreamReader> {
    const json = { 'content-type': 'application/json', ...headers };
    return StreamReader.open(`${url}/chat/stream`, { method: 'POST', headers: json, body: JSON.stringify(body) });
  }

  /** Joins the running turn of a chat. */
  static async resume(url: string, chatId: string, user = 'alice'): Promise<StreamReader> {
    return StreamReader.open(`${url}/chat/stream/${chatId}/stream`, { headers: { id_token: tokenOf(user) } });
  }

  private static async open(url: string, init: RequestInit): Promise<StreamReader> {
    const leaving = new AbortController();
    const headers = { id_token: tokenOf('alice'), ...(init.headers as Record<string, string>) };
    const response = await fetch(url, { ...init, headers, signal: leaving.signal });
    const pieces = (response.body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream());
    return new StreamReader(response, leaving, pieces[Symbol.asyncIterator]());
  }

  /** Reads until the text so far holds `wanted`. */
  async readUntil(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) {
      const { value, done } = await this.pieces.next();
      if (done === true) throw new Error(`The stream ended without ${wanted}`);
      this.text += value;
    }
  }

  /** Reads to the end of the stream. */
  async readRest(): Promise<WholeStream> {
    for (let next = await this.pieces.next(); next.done !== true; next = await this.pieces.next())
      this.text += next.value;
    return parseStream(this.response.status, this.response.headers, this.text);
  }

  leave(): void {
    this.leaving.abort();
  }
}
