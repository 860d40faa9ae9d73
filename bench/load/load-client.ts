import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ConnectionLostError, demand, RefusedError } from './wrong-answer.js';

/** One request. Its response counts for its kind. */
export interface Call {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A response that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Milliseconds of each response, by kind. */
export type Times = Map<string, number[]>;

/** Statuses by which the service says that it is busy. Nothing is wrong with them. */
const BUSY: ReadonlySet<number> = new Set([429, 503, 504]);

/** Sends requests to one server over connections that it keeps, and measures them. */
export class LoadClient {
  readonly times: Times = new Map();
  /** New turns of all users. A doubtful one has perhaps not begun. */
  readonly turns = { acknowledged: 0, doubtful: 0 };
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

  constructor(private readonly url: string) {}

  /**
   * Sends a request and reads the whole response.
   *
   * @throws ConnectionLostError without a response.
   * @throws WrongAnswerError if the response is cut.
   * @throws RefusedError if the service says that it is busy.
   */
  async send(call: Call): Promise<Answer> {
    const start = performance.now();
    const { response } = await this.open(call).catch((error: unknown) => {
      this.noteDoubt(call);
      throw error;
    });
    this.noteTurn(call, response);
    let text = '';
    // A cut response raises an error too. It is recognised below.
    response.on('error', () => undefined);
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    await new Promise((resolve) => response.once('close', resolve));
    const answer = { status: response.statusCode ?? 0, headers: toHeaders(response), text };
    demand(response.complete, 'a response is cut', { call, answer });
    const times = this.times.get(call.kind) ?? [];
    this.times.set(call.kind, times);
    times.push(performance.now() - start);
    if (BUSY.has(answer.status)) {
      demand(answer.status === 504 || answer.headers.has('retry-after'), 'Retry-After is missing', { call, answer });
      throw new RefusedError(answer.status, text);
    }
    return answer;
  }

  /** Disconnects when the first event of the stream has come. @returns what was read, and nothing of other responses. */
  async leaveStream(call: Call): Promise<string> {
    this.noteDoubt(call);
    const { response, sent } = await this.open(call);
    response.on('error', () => undefined);
    let text = '';
    const isEnough = new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.includes('\n\n')) resolve();
      });
    });
    await isEnough;
    sent.destroy();
    return response.statusCode === 200 ? text : '';
  }

  /** Disconnects after so many milliseconds, and ignores whatever has come. */
  async leaveAfter(milliseconds: number, call: Call): Promise<void> {
    this.noteDoubt(call);
    const sent = this.request(call).on('error', () => undefined);
    sent.on('response', (response) => response.on('error', () => undefined).resume());
    sent.end(call.body);
    await wait(milliseconds);
    sent.destroy();
  }

  private noteTurn(call: Call, { statusCode = 0, headers }: IncomingMessage): void {
    if (statusCode >= 500) this.noteDoubt(call);
    const isNew = statusCode === 200 && headers['idempotency-replayed'] === undefined;
    if (isTurn(call) && isNew) this.turns.acknowledged += 1;
  }

  private noteDoubt(call: Call): void {
    if (isTurn(call)) this.turns.doubtful += 1;
  }

  private open(call: Call): Promise<{ response: IncomingMessage; sent: ClientRequest }> {
    const sentAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = this.request(call);
      sent.on('response', (response) => resolve({ response, sent }));
      sent.on('error', (error) => reject(new ConnectionLostError(sentAt, { cause: error })));
      sent.end(call.body);
    });
  }

  private request({ method, path, headers = {}, body }: Call): ClientRequest {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return request(`${this.url}${path}`, { method, agent: this.agent, headers: { ...headers, ...length } });
  }
}

function isTurn({ method, path }: Call): boolean {
  return method === 'POST' && ['/chat', '/chat/stream'].includes(path);
}

function toHeaders({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
