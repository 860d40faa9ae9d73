import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { FunctionError } from './function-error.js';
import { readStreamedAnswer, type StreamedAnswer } from './streamed-answer.js';

const VERSION = '/2018-06-01/runtime';
/** Where the function says it lives; nothing is there. */
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:local';
/**
 * No time is too long: a runtime client opens the request for a streamed answer when it has the event and sends
 * nothing by it before its handler writes, and the whole answer may take 15 minutes.
 */
const PATIENCE = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };

interface Invocation {
  readonly id: string;
  readonly event: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Takes the request by which the function answers. */
  readonly resolve: (answer: IncomingMessage) => void;
  readonly reject: (error: FunctionError) => void;
}

/**
 * The part of Lambda that a runtime client talks to: it hands out events one at a time and takes their answers.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  private readonly waiting: Invocation[] = [];
  private readonly running = new Map<string, Invocation>();
  private idle: ServerResponse | undefined;

  private constructor(private readonly server: Server) {}

  /** Starts listening on a free port of the loopback interface. */
  static async start(): Promise<RuntimeApi> {
    const server = createServer(PATIENCE);
    const api = new RuntimeApi(server);
    server.on('request', (request, response) => {
      api.answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  /** For `AWS_LAMBDA_RUNTIME_API`, such as `127.0.0.1:40001`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /**
   * Queues an event, as JSON, for a function that answers in one piece.
   *
   * @param timeoutMs - what the function is told that it has; nobody stops it after that.
   * @throws FunctionError
   */
  async invoke(event: string, timeoutMs: number): Promise<unknown> {
    return JSON.parse(await text(await this.queue(event, timeoutMs)));
  }

  /** The same, for a function that streams. @throws FunctionError when it fails before its answer begins. */
  async invokeStream(event: string, timeoutMs: number): Promise<StreamedAnswer> {
    return readStreamedAnswer(await this.queue(event, timeoutMs));
  }

  private queue(event: string, timeoutMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id: randomUUID(), event, deadline: Date.now() + timeoutMs, resolve, reject });
      this.handOut();
    });
  }

  /** Fails whatever the function was given or would have been given. */
  failAll(error: FunctionError): void {
    for (const { reject } of [...this.running.values(), ...this.waiting.splice(0)]) reject(error);
    this.running.clear();
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path === `${VERSION}/invocation/next`) {
      this.idle = response;
      response.once('close', () => {
        if (this.idle === response) this.idle = undefined;
      });
      this.handOut();
      return;
    }
    const [id = '', outcome = ''] = path.split('/').slice(-2);
    const invocation = this.running.get(id);
    this.running.delete(id);
    if (outcome === 'response') {
      invocation?.resolve(request);
      await finished(request);
    } else {
      const error = new FunctionError(await text(request));
      if (id === 'init') this.failAll(error);
      else invocation?.reject(error);
    }
    response.writeHead(202).end('{"status":"OK"}');
  }

  private handOut(): void {
    const [response, invocation] = [this.idle, this.waiting[0]];
    if (!response || !invocation) return;
    this.idle = undefined;
    this.waiting.shift();
    this.running.set(invocation.id, invocation);
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': FUNCTION_ARN,
    });
    response.end(invocation.event);
  }
}
