import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expectDescribedConnection } from './raw-responses.js';
import { tokenOf } from './tokens.js';

/** A client of a stream on a plain socket. It chooses how much it reads and when it disconnects. */
export class RawReader {
  /** Everything that was read, with the head and the chunk sizes. */
  text = '';

  private constructor(
    private readonly socket: Socket,
    private readonly request: string,
  ) {}

  /** Sends a turn to a URL, or to the path of a socket. Reads nothing. */
  static async send(to: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<RawReader> {
    const json = JSON.stringify(body);
    const fields = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(json)),
      ...headers,
    };
    return RawReader.open(to, 'POST /chat/stream', fields, json);
  }

  /** Joins the running turn of a chat. Reads nothing. */
  static async resume(url: string, chatId: string): Promise<RawReader> {
    return RawReader.open(url, `GET /chat/stream/${chatId}/stream`, {}, '');
  }

  private static async open(
    to: string,
    route: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<RawReader> {
    const { hostname, port } = new URL(to, 'http://localhost');
    const socket = connect(to.startsWith('/') ? { path: to } : { host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const fields = { host: hostname, id_token: tokenOf('alice'), connection: 'close', ...headers };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `${route} HTTP/1.1\r\n${head.join('')}\r\n${body}`;
    socket.write(request);
    return new RawReader(socket, request);
  }

  /** Reads until this many events have come, or the stream ends. */
  async readEvents(count: number): Promise<void> {
    await this.readUntil(() => this.text.split('data: ').length > count);
  }

  /** Reads one byte per second. */
  async crawl(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await wait(1000);
      this.text += ((this.socket.read(1) as Buffer | null) ?? Buffer.alloc(0)).toString('latin1');
    }
  }

  async readRest(): Promise<void> {
    await this.readUntil(() => false);
    this.expectDescribed();
  }

  /** Cuts the connection. */
  leave(): void {
    this.socket.resetAndDestroy();
    this.expectDescribed();
  }

  /** What it has not read is not compared. */
  private expectDescribed(): void {
    expectDescribedConnection(this.request, Buffer.from(this.text, 'latin1'));
  }

  private async readUntil(isEnough: () => boolean): Promise<void> {
    if (isEnough()) return;
    for await (const bytes of this.socket.iterator({ destroyOnReturn: false })) {
      this.text += (bytes as Buffer).toString('latin1');
      if (isEnough()) return;
    }
  }
}
