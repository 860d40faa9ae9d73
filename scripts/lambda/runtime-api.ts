import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { FunctionError } from './function-error.js';
import { readStreamedResponse, type StreamedResponse } from './streamed-response.js';

const VERSION = '/2018-06-01/runtime';
/** The ARN that the function sees. It does not exist. */
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:local';
/** A runtime client opens the request of a streamed response early, and the response may take 15 minutes. */
const NO_TIME_LIMITS = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };

interface Invocation {
  readonly id: string;
  readonly event: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Takes the request that carries the function's response. */
  readonly resolve: (request: IncomingMessage) => void;
  readonly reject: (error: FunctionError) => void;
}

/**
 * The Runtime API of Lambda. It gives out one event at a time and takes the responses.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  private readonly waiting: Invocation[] = [];
  private readonly running = new Map<string, Invocation>();
  private idle: ServerResponse | undefined;
  private isHandling = false;

  private constructor(private readonly server: Server) {}

  /** Starts listening on a free port of the loopback interface. */
  static async start(): Promise<RuntimeApi> {
    const server = createServer(NO_TIME_LIMITS);
    const api = new RuntimeApi(server);
    server.on('request', (request, response) => {
      api.handle(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  /** For `AWS_LAMBDA_RUNTIME_API`, such as `127.0.0.1:40001`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Whether an event waits or is handled. A function asks for the next event once it has handled one. */
  get isBusy(): boolean {
    return this.isHandling || this.waiting.length > 0;
  }

  /**
   * Queues an event for a handler that buffers its response.
   *
   * @param event - JSON.
   * @param timeoutMs - sets the deadline that the function sees; nothing stops it after that.
   * @throws FunctionError when the function fails.
   */
  async invoke(event: string, timeoutMs: number): Promise<unknown> {
    return JSON.parse(await text(await this.queue(event, timeoutMs)));
  }

  /** Queues an event for a handler that streams. @throws FunctionError when it fails before its response begins. */
  async invokeStream(event: string, timeoutMs: number): Promise<StreamedResponse> {
    return readStreamedResponse(await this.queue(event, timeoutMs));
  }

  private queue(event: string, timeoutMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id: randomUUID(), event, deadline: Date.now() + timeoutMs, resolve, reject });
      this.sendNext();
    });
  }

  /** Fails all invocations that run or wait. */
  failAll(error: FunctionError): void {
    for (const { reject } of [...this.running.values(), ...this.waiting.splice(0)]) reject(error);
    this.running.clear();
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path === `${VERSION}/invocation/next`) {
      this.isHandling = false;
      this.idle = response;
      response.once('close', () => {
        if (this.idle === response) this.idle = undefined;
      });
      this.sendNext();
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

  private sendNext(): void {
    const [response, invocation] = [this.idle, this.waiting[0]];
    if (!response || !invocation) return;
    this.idle = undefined;
    this.isHandling = true;
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
