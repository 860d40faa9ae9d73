import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { listenOnLoopback } from '../../loopback-server.js';
import type { EmulatedBehaviour } from '../behaviour.js';
import { EmulatedDirectives } from '../directives.js';
import { composeReply, type ReplyChunk, splitReply, toSingleChunk } from '../reply.js';
import { EmulatedSessions } from '../sessions.js';
import { performStep, toSteps } from '../steps.js';
import { buildChunkFrame, buildReplyFrame, RETURN_CONTROL_FRAME, type WireChunk } from './frames.js';
import { readInvocation, RefusedInvocationError, type EmulatedInvocation } from './invocation.js';

type Behaviour = EmulatedBehaviour<WireChunk>;

export interface BedrockAgentEmulatorOptions {
  /** Seconds without a turn after which a session is forgotten; 600 by default, as for a new Bedrock agent. */
  readonly idleTtlSeconds?: number;
  /** Epoch milliseconds, for the idle time. */
  readonly now?: () => number;
  /** Bytes of a chunk of the ordinary reply; 24 by default. */
  readonly chunkBytes?: number;
  /** Milliseconds before each chunk of the ordinary reply; 0 by default. */
  readonly paceMs?: number;
  /** A file that keeps the sessions over a restart. Without it they are in memory. */
  readonly sessionsFile?: string;
}

/** An emulator of the Bedrock agent runtime, for the unchanged AWS SDK. */
export interface BedrockAgentEmulator {
  /** For `AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME`. */
  readonly endpoint: string;
  /** All valid invocations, oldest first. Those that got an HTTP error count too. */
  readonly invocations: readonly EmulatedInvocation[];
  /** How many connections were opened so far. */
  readonly connections: number;
  /** How many connections are open now. */
  openConnections(): Promise<number>;
  /**
   * Sets the behaviour of the next invocations, one each. After them the agent follows the directives in the prompt
   * (`../directives.ts`), and without directives it replies.
   */
  enqueue(...behaviours: readonly Behaviour[]): void;
  /** Closes all connections and the server. A second call does nothing. */
  close(): Promise<void>;
}

/** Behaviours after which the session remembers the prompt. */
const COMPLETE_TURNS: ReadonlySet<Behaviour['type']> = new Set(['reply', 'delay', 'chunks']);

/** Starts the emulator on a free port of the loopback interface. HTTP/1.1 only: use `NodeHttpHandler`. */
export async function startBedrockAgentEmulator(
  options: BedrockAgentEmulatorOptions = {},
): Promise<BedrockAgentEmulator> {
  const { idleTtlSeconds = 600, now = Date.now, chunkBytes = 24, paceMs = 0, sessionsFile } = options;
  const sessions = new EmulatedSessions({ idleTtlSeconds, now, file: sessionsFile });
  const invocations: EmulatedInvocation[] = [];
  const queue: Behaviour[] = [];
  const directives = new EmulatedDirectives();
  let connections = 0;

  const server = createServer((request, response) => {
    invoke(request, response).catch((error: unknown) => {
      if (error instanceof RefusedInvocationError) return sendError(response, error);
      response.destroy();
    });
  });
  server.on('connection', () => (connections += 1));

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const invocation = await readInvocation(request);
    invocations.push(invocation);
    const leaving = new AbortController();
    response.once('close', () => {
      if (invocation.outcome === 'running') invocation.outcome = response.writableFinished ? 'replied' : 'left';
      leaving.abort();
    });

    const { sessionId, prompt } = invocation;
    const behaviour = queue.shift() ?? directives.next(sessionId, prompt) ?? { type: 'reply' };
    if (behaviour.type === 'http-error') return sendError(response, behaviour);
    setStreamHeaders(response, sessionId);
    const steps = toSteps(behaviour, {
      reply: reply(invocation, behaviour).map(buildReplyFrame),
      paceMs,
      encode: buildChunkFrame,
      returnControl: RETURN_CONTROL_FRAME,
    });
    for (const step of steps) {
      if (leaving.signal.aborted || step === 'hang') return;
      if (step === 'cut') {
        invocation.outcome = 'cut';
        response.destroy();
        return;
      }
      await performStep(step, response, leaving.signal);
    }
    response.end();
  }

  /** Composes the ordinary reply. The session remembers the prompt if the turn will be complete. */
  function reply(invocation: EmulatedInvocation, behaviour: Behaviour): ReplyChunk[] {
    const { sessionId, prompt, conversationHistory = [], endSession, streamFinalResponse } = invocation;
    const sent = conversationHistory.filter(({ role }) => role === 'user').map(({ text }) => text);
    const earlier = [...sessions.prompts(sessionId), ...sent];
    if (COMPLETE_TURNS.has(behaviour.type)) sessions.append(sessionId, [...sent, prompt]);
    if (endSession) sessions.end(sessionId);
    if (prompt === '') return [];
    const whole = composeReply(prompt, earlier);
    return streamFinalResponse ? splitReply(whole, chunkBytes) : [toSingleChunk(whole)];
  }

  const loopback = await listenOnLoopback(server);
  return {
    ...loopback,
    invocations,
    get connections() {
      return connections;
    },
    openConnections: () => promisify(server.getConnections.bind(server))(),
    enqueue: (...behaviours) => void queue.push(...behaviours),
  };
}

function setStreamHeaders(response: ServerResponse, sessionId: string): void {
  response.statusCode = 200;
  response.setHeader('content-type', 'application/vnd.amazon.eventstream');
  response.setHeader('x-amzn-bedrock-agent-content-type', 'application/json');
  response.setHeader('x-amz-bedrock-agent-session-id', sessionId);
  response.setHeader('x-amzn-requestid', randomUUID());
}

interface ErrorResponse {
  readonly status: number;
  readonly exception: string;
  readonly message?: string;
}

function sendError(response: ServerResponse, { status, exception, message = exception }: ErrorResponse): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': exception,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify({ message }));
}
