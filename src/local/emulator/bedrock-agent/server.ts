import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { composeReply, inChunks, inOneChunk } from '../reply.js';
import { toSteps, type EmulatedBehaviour, type Step } from '../behaviour.js';
import { EmulatedDirectives } from '../directives.js';
import { readInvocation, RefusedInvocationError, type EmulatedInvocation } from './invocation.js';
import { EmulatedSessions } from '../sessions.js';
import type { TextChunk } from '../event-stream.js';
import { listenOnLoopback } from '../../loopback-server.js';

export interface BedrockAgentEmulatorOptions {
  /** Seconds without a turn after which a session is forgotten; 600 by default, as for a new Bedrock agent. */
  readonly idleTtlSeconds?: number;
  /** Epoch milliseconds, for the idle time. */
  readonly now?: () => number;
  /** Milliseconds before each chunk of an ordinary answer, so that one sees it stream; 0 by default. */
  readonly paceMs?: number;
  /** A file that keeps the sessions over a restart; in memory without it. */
  readonly sessionsFile?: string;
}

/** A stand-in for Bedrock's agent runtime, spoken to by the unchanged AWS SDK. */
export interface BedrockAgentEmulator {
  /** For `AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME`. */
  readonly endpoint: string;
  /** Every invocation that was accepted for reading, oldest first; scripted errors count too. */
  readonly invocations: readonly EmulatedInvocation[];
  /** How many connections were opened so far. */
  readonly connections: number;
  /** How many of them are open now. */
  openConnections(): Promise<number>;
  /**
   * Scripts the next invocations, one behaviour each. Without any the agent follows the directives in the prompt
   * (`../directives.ts`), and without those it just answers.
   */
  enqueue(...behaviours: readonly EmulatedBehaviour[]): void;
  /** Cuts every connection, also silent ones; a second call does nothing. */
  close(): Promise<void>;
}

/** Starts the emulator on a free port of the loopback interface. HTTP/1.1 only: use `NodeHttpHandler`. */
export async function startBedrockAgentEmulator(
  options: BedrockAgentEmulatorOptions = {},
): Promise<BedrockAgentEmulator> {
  const { idleTtlSeconds = 600, now = Date.now, paceMs = 0, sessionsFile } = options;
  const sessions = new EmulatedSessions({ idleTtlSeconds, now, file: sessionsFile });
  const invocations: EmulatedInvocation[] = [];
  const queue: EmulatedBehaviour[] = [];
  const directives = new EmulatedDirectives();
  let connections = 0;

  const server = createServer((request, response) => {
    invoke(request, response).catch((error: unknown) => {
      if (error instanceof RefusedInvocationError)
        return sendError(response, error.status, error.exception, error.message);
      response.destroy();
    });
  });
  server.on('connection', () => (connections += 1));

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const invocation = await readInvocation(request);
    invocations.push(invocation);
    const leaving = new AbortController();
    response.once('close', () => {
      if (invocation.outcome === 'running') invocation.outcome = response.writableFinished ? 'answered' : 'left';
      leaving.abort();
    });

    const { sessionId, prompt } = invocation;
    const behaviour = queue.shift() ?? directives.next(sessionId, prompt) ?? { type: 'answer' };
    if (behaviour.type === 'http-error') {
      return sendError(response, behaviour.status, behaviour.exception, behaviour.message ?? behaviour.exception);
    }
    setStreamHeaders(response, sessionId);
    for (const step of toSteps(behaviour, answer(invocation, behaviour), paceMs)) {
      if (leaving.signal.aborted || step === 'hang') return;
      if (step === 'cut') {
        invocation.outcome = 'cut';
        response.destroy();
        return;
      }
      await take(step, response, leaving.signal);
    }
    response.end();
  }

  /** The chunks of the ordinary answer; the session remembers the prompt where the turn will be whole. */
  function answer(invocation: EmulatedInvocation, behaviour: EmulatedBehaviour): TextChunk[] {
    const { sessionId, prompt, conversationHistory = [], endSession, streamFinalResponse } = invocation;
    const told = conversationHistory.filter(({ role }) => role === 'user').map(({ text }) => text);
    const earlier = [...sessions.prompts(sessionId), ...told];
    if (WHOLE_TURNS.has(behaviour.type)) sessions.append(sessionId, [...told, prompt]);
    if (endSession) sessions.end(sessionId);
    if (prompt === '') return [];
    const said = composeReply(prompt, earlier);
    return streamFinalResponse ? inChunks(said) : inOneChunk(said);
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

const WHOLE_TURNS: ReadonlySet<EmulatedBehaviour['type']> = new Set(['answer', 'delay', 'chunks']);

function setStreamHeaders(response: ServerResponse, sessionId: string): void {
  response.statusCode = 200;
  response.setHeader('content-type', 'application/vnd.amazon.eventstream');
  response.setHeader('x-amzn-bedrock-agent-content-type', 'application/json');
  response.setHeader('x-amz-bedrock-agent-session-id', sessionId);
  response.setHeader('x-amzn-requestid', randomUUID());
}

function sendError(response: ServerResponse, status: number, exception: string, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': exception,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify({ message }));
}

async function take(step: Exclude<Step, 'cut' | 'hang'>, response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (step === 'headers') {
    response.flushHeaders();
  } else if ('waitMs' in step) {
    await wait(step.waitMs, undefined, { signal }).catch(() => undefined);
  } else {
    // Written one by one and to the socket, so that a cut right after it loses nothing of it.
    await new Promise<void>((resolve) => response.write(step.write, () => resolve()));
  }
}
