import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { listenOnLoopback, type LoopbackServer } from '../loopback-server.js';
import type { EmulatedBehaviour } from './behaviour.js';
import { AgentFault } from './agent-fault.js';
import { EmulatedDirectives } from './directives.js';
import type { Conversation, ConversationMessage, ReplyEnd, ReplySource } from './reply-source.js';
import { toSourceSteps } from './source-steps.js';
import { performStep, type ReplyFrames, type Step, type StreamBehaviour, toSteps } from './steps.js';

/** What every emulated agent has. */
export interface AgentEmulatorOptions {
  /** Epoch milliseconds, for the times of sessions. */
  readonly now?: () => number;
  /** Bytes of a chunk of the ordinary reply; 24 by default. */
  readonly chunkBytes?: number;
  /** Milliseconds before each chunk of the ordinary reply; 0 by default. */
  readonly paceMs?: number;
  /** Where the ordinary replies come from; the emulated knowledge base by default. */
  readonly source?: ReplySource | undefined;
}

/** One turn that an emulated agent was asked for. */
export interface AgentInvocation {
  readonly sessionId: string;
  readonly prompt: string;
  /** The earlier messages that were sent, with the texts of each joined; absent if none was sent. */
  readonly conversationHistory?: readonly ConversationMessage[];
  /**
   * `running` while the response is sent; `replied` once it is complete, also if it is an error.
   * `cut` if a behaviour closed the connection, `left` if the caller did.
   */
  outcome: 'running' | 'replied' | 'cut' | 'left';
}

/** An emulator of an AWS service, for its unchanged SDK client. `Chunk` is a chunk as the service writes it. */
export interface AgentEmulator<I extends AgentInvocation = AgentInvocation, Chunk = never> extends LoopbackServer {
  /** All valid invocations, oldest first. Those that got an HTTP error count too. */
  readonly invocations: readonly I[];
  /** How many connections were opened so far. */
  readonly connections: number;
  /** How many connections are open now. */
  openConnections(): Promise<number>;
  /**
   * Sets the behaviour of the next invocations, one each. After them the agent follows the directives in the prompt
   * (`directives.ts`), and without directives it replies.
   */
  enqueue(...behaviours: readonly EmulatedBehaviour<Chunk>[]): void;
}

/** What a service has of its own. */
export interface EmulatedService<I extends AgentInvocation, Chunk> {
  /**
   * Reads and checks a request. Returns undefined after it has responded itself, to a request that is no turn.
   *
   * @throws RefusedRequestError
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<I | undefined>;
  /** Headers of a stream, beside the common headers. */
  toHeaders?(invocation: I): Readonly<Record<string, string>>;
  /** Composes the ordinary reply, and remembers the turn if it will be complete. */
  toFrames(invocation: I, isComplete: boolean): ReplyFrames<Chunk>;
  /** What a reply source must know; undefined for a call without a reply. */
  toConversation(invocation: I): Conversation | undefined;
  /** Remembers a turn with the reply of a source. @returns the frames after it. */
  endReply(invocation: I, reply: string, end: ReplyEnd): readonly Uint8Array[];
}

/** A request that AWS would refuse. */
export class RefusedRequestError extends AgentFault {}

/** @throws RefusedRequestError, as AWS refuses a request that breaks the rules of its API reference. */
export function requireValid(holds: boolean, message: string): asserts holds {
  if (!holds) throw new RefusedRequestError(400, 'ValidationException', message);
}

/** Behaviours after which the session remembers the prompt. */
const COMPLETE_TURNS: ReadonlySet<EmulatedBehaviour['type']> = new Set([
  'reply',
  'delay',
  'chunks',
  'tool-rounds',
  'stop-reason',
  'split-surrogates',
]);

/** Starts an emulator on a free port of the loopback interface. HTTP/1.1 only: use `NodeHttpHandler`. */
export async function startAgentServer<I extends AgentInvocation, Chunk>(
  service: EmulatedService<I, Chunk>,
  { paceMs = 0, source }: Pick<AgentEmulatorOptions, 'paceMs' | 'source'> = {},
): Promise<AgentEmulator<I, Chunk>> {
  const invocations: I[] = [];
  const queue: EmulatedBehaviour<Chunk>[] = [];
  const directives = new EmulatedDirectives();
  let connections = 0;

  const server = createServer((request, response) => {
    invoke(request, response).catch((error: unknown) => {
      if (error instanceof AgentFault && !response.headersSent) return sendError(response, error);
      response.destroy();
    });
  });
  server.on('connection', () => (connections += 1));

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const invocation = await service.read(request, response);
    if (invocation === undefined) return;
    invocations.push(invocation);
    const leaving = new AbortController();
    response.once('close', () => {
      if (invocation.outcome === 'running') invocation.outcome = response.writableFinished ? 'replied' : 'left';
      leaving.abort();
    });

    const behaviour = queue.shift() ??
      directives.next(invocation.sessionId, invocation.prompt) ?? { type: 'reply' as const };
    if (behaviour.type === 'html-error') return sendHtmlError(response, behaviour.status);
    if (behaviour.type === 'http-error') {
      const { status, exception, message = exception } = behaviour;
      return sendError(response, { status, exception, message });
    }
    await respond(response, listSteps(invocation, behaviour, leaving.signal), {
      invocation,
      signal: leaving.signal,
      headers: service.toHeaders?.(invocation),
    });
  }

  function listSteps(invocation: I, behaviour: StreamBehaviour<Chunk>, signal: AbortSignal) {
    const conversation = behaviour.type === 'reply' ? service.toConversation(invocation) : undefined;
    if (!source || !conversation) {
      return toSteps(behaviour, service.toFrames(invocation, COMPLETE_TURNS.has(behaviour.type)), paceMs);
    }
    const frames = service.toFrames(invocation, false);
    const toEnd = (reply: string, end: ReplyEnd) => service.endReply(invocation, reply, end);
    return toSourceSteps(source(conversation, signal), { frames, toEnd, paceMs });
  }

  return {
    ...(await listenOnLoopback(server)),
    invocations,
    get connections() {
      return connections;
    },
    openConnections: () => promisify(server.getConnections.bind(server))(),
    enqueue: (...behaviours) => void queue.push(...behaviours),
  };
}

interface RespondOptions {
  readonly invocation: AgentInvocation;
  /** Aborts when the caller has left. */
  readonly signal: AbortSignal;
  /** Headers of this service. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}

async function respond(
  response: ServerResponse,
  steps: Iterable<Step> | AsyncIterable<Step>,
  { invocation, signal, headers }: RespondOptions,
): Promise<void> {
  for await (const step of steps) {
    if (signal.aborted || step === 'hang') return;
    if (!response.headersSent) {
      const common = { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': randomUUID() };
      response.writeHead(200, { ...common, ...headers });
    }
    if (step === 'cut') {
      invocation.outcome = 'cut';
      response.destroy();
      return;
    }
    await performStep(step, response, signal);
  }
  response.end();
}

/** Reads a JSON object. @throws RefusedRequestError */
export async function readJsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  try {
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    requireValid(typeof body === 'object' && body !== null, 'The body must be an object');
    return body as Readonly<Record<string, unknown>>;
  } catch {
    throw new RefusedRequestError(400, 'ValidationException', 'The body must be a JSON object');
  }
}

function sendError(
  response: ServerResponse,
  { status, exception, message }: { readonly status: number; readonly exception: string; readonly message: string },
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': exception,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify({ message }));
}

/** A response of a gateway in front of the service. */
function sendHtmlError(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(`<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`);
}
