import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../../src/local/loopback-server.js';

/** What the server does with one request. */
export type CompletionBehaviour = (response: ServerResponse) => Promise<void> | void;

/** A request to `/chat/completions`, as it came. */
interface CompletionRequest {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A small OpenAI-compatible server, on loopback. */
export interface CompletionServer {
  /** For `LOCAL_AGENT_URL`. */
  readonly url: string;
  readonly requests: readonly CompletionRequest[];
  behaviour: CompletionBehaviour;
  /** How many responses were closed by the caller before their end. */
  abandoned: number;
  close(): Promise<void>;
}

/** The line of one event. */
export const toEvent = (delta: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ id: '1', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;

interface StreamOptions {
  /** Waits before the text of this index. */
  readonly pause?: (index: number) => Promise<void>;
  /** `finish_reason`; `stop` by default. */
  readonly reason?: string;
  /** Without it the server does not count. */
  readonly usage?: unknown;
}

/** Streams texts as Ollama, llama.cpp and vLLM do. The usage is an event of its own. */
export function streamTexts(
  texts: readonly string[],
  { reason = 'stop', usage, pause }: StreamOptions = {},
): CompletionBehaviour {
  return async (response) => {
    await streamPart(texts, pause)(response);
    response.write(toEvent({}, reason));
    if (usage !== undefined) response.write(`data: ${JSON.stringify({ id: '1', choices: [], usage })}\n\n`);
    response.end('data: [DONE]\n\n');
  };
}

/** Streams texts, and leaves the stream open. */
export function streamPart(texts: readonly string[], pause?: StreamOptions['pause']): CompletionBehaviour {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(toEvent({ role: 'assistant', content: '' }));
    for (const [index, content] of texts.entries()) {
      await pause?.(index);
      await new Promise<void>((resolve) => response.write(toEvent({ content }), () => resolve()));
    }
  };
}

/** Refuses a request as OpenAI does. */
export function refuse(status: number, message: string): CompletionBehaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }));
  };
}

export async function startCompletionServer(): Promise<CompletionServer> {
  const requests: CompletionRequest[] = [];
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    response.once('close', () => (completions.abandoned += response.writableFinished ? 0 : 1));
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    requests.push({ path: request.url, authorization: request.headers.authorization, body });
    await completions.behaviour(response);
  }
  const loopback = await listenOnLoopback(createServer((request, response) => void respond(request, response)));
  const completions: CompletionServer = {
    url: `${loopback.endpoint}/v1`,
    requests,
    behaviour: streamTexts(['Hello']),
    abandoned: 0,
    close: () => loopback.close(),
  };
  return completions;
}
