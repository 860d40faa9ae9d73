import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { tokenOf } from './chat-app.js';

/** A caller of `POST /chat/stream` on a bare socket, who reads as much as it likes and leaves when it likes. */
export class RawReader {
  /** All that was read, head and chunk sizes included. */
  text = '';

  private constructor(private readonly socket: Socket) {}

  /** Sends a turn; nothing is read yet. */
  static async send(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<RawReader> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const json = JSON.stringify(body);
    const fields = {
      host: hostname,
      id_token: tokenOf('alice'),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(json)),
      connection: 'close',
      ...headers,
    };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /chat/stream HTTP/1.1\r\n${head.join('')}\r\n${json}`);
    return new RawReader(socket);
  }

  /** Reads until so many events have come, or the stream is over. */
  async readEvents(count: number): Promise<void> {
    if (count === 0) return;
    await new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.on('data', (bytes: Buffer) => {
        this.text += bytes.toString('latin1');
        if (this.events() >= count) resolve();
      });
    });
  }

  /** Reads one byte per second. */
  async crawl(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await wait(1000);
      this.text += ((this.socket.read(1) as Buffer | null) ?? Buffer.alloc(0)).toString('latin1');
    }
  }

  async readRest(): Promise<void> {
    this.socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    if (!this.socket.closed) await once(this.socket, 'close');
  }

  /** Cuts the connection. */
  leave(): void {
    this.socket.resetAndDestroy();
  }

  private events(): number {
    return this.text.split('data: ').length - 1;
  }
}
