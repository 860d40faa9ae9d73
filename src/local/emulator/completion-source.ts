import { AgentFault } from './agent-fault.js';
import { readCompletion, toErrorMessage } from './completion-stream.js';
import type { Conversation, ConversationMessage, ReplyEnd, ReplySource, TokenCounts } from './reply-source.js';

/** An OpenAI-compatible endpoint, such as Ollama, llama.cpp or vLLM. */
export interface CompletionEndpoint {
  /** Its base, such as `http://localhost:11434/v1`. */
  readonly url: URL;
  /** Absent for servers that have one model. */
  readonly model?: string | undefined;
  readonly key?: string | undefined;
}

/** The faults of AWS that stand for statuses of the endpoint. */
const FAULTS: Readonly<Record<number, readonly [status: number, exception: string]>> = {
  401: [403, 'AccessDeniedException'],
  403: [403, 'AccessDeniedException'],
  429: [429, 'ThrottlingException'],
  503: [503, 'ServiceUnavailableException'],
};
/** What to check for a status. */
const HINTS: Readonly<Record<number, string>> = {
  401: ' (check LOCAL_AGENT_KEY)',
  403: ' (check LOCAL_AGENT_KEY)',
  404: ' (check LOCAL_AGENT_MODEL, and LOCAL_AGENT_URL, which usually ends in /v1)',
};
/** The stop reasons of AWS for the `finish_reason` of the endpoint. Others are the end of the turn. */
const STOP_REASONS: ReadonlyMap<string, string> = new Map([
  ['length', 'max_tokens'],
  ['content_filter', 'content_filtered'],
]);
const LINE_MAX_LENGTH = 300;

/**
 * Gets replies from an OpenAI-compatible endpoint, by a streamed request to `/chat/completions`.
 *
 * @param onFailure - gets one line that says what went wrong. It never contains the key.
 */
export function createCompletionSource(endpoint: CompletionEndpoint, onFailure: (line: string) => void): ReplySource {
  const { url, key } = endpoint;
  const toLine = (message: string) => {
    const line = `The model at LOCAL_AGENT_URL (${url.origin}) ${message}`;
    // Before it is cut, which could leave a part of the key.
    return shorten(key ? line.replaceAll(key, '***') : line);
  };
  return async function* reply(conversation, signal) {
    const startedAt = Date.now();
    let hasText = false;
    try {
      for await (const part of readReply(await request(endpoint, conversation, signal))) {
        hasText ||= typeof part === 'string';
        yield part;
      }
      if (!hasText) onFailure(toLine('has sent a reply without text'));
    } catch (error) {
      const { status, exception, message } = signal.aborted ? toLeftFault(startedAt, hasText) : toFault(error);
      const line = toLine(message);
      onFailure(line);
      throw new AgentFault(status, exception, line);
    }
  };
}

async function request(
  { url, model, key }: CompletionEndpoint,
  { messages, systemPrompt, maxTokens }: Conversation,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const target = new URL(url);
  target.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({
      ...(model && { model }),
      stream: true,
      stream_options: { include_usage: true },
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      messages: [
        ...(systemPrompt === undefined ? [] : [{ role: 'system', content: systemPrompt }]),
        ...toAlternating(messages),
      ],
    }),
    signal,
  });
  if (!response.ok) throw await toStatusFault(response);
  const type = response.headers.get('content-type') ?? 'none';
  if (!response.body || !type.startsWith('text/event-stream')) {
    throw new AgentFault(500, 'InternalServerException', `has sent no stream of events, but the content type ${type}`);
  }
  return response.body;
}

/** Joins messages of one role that follow each other: the templates of many models refuse them. */
function toAlternating(messages: readonly ConversationMessage[]): { role: string; content: string }[] {
  const joined: { role: string; content: string }[] = [];
  for (const { role, text } of messages) {
    const last = joined.at(-1);
    if (last?.role === role) last.content += `\n\n${text}`;
    else joined.push({ role, content: text });
  }
  return joined;
}

async function* readReply(body: AsyncIterable<Uint8Array>): AsyncGenerator<string | ReplyEnd> {
  let stopReason: string | undefined;
  let usage: TokenCounts | undefined;
  for await (const part of readCompletion(body)) {
    if (part.type === 'error') throw toStreamFault(part.message);
    if (part.type === 'text') yield part.text;
    else if (part.type === 'usage') usage = part.usage;
    else stopReason ??= STOP_REASONS.get(part.reason) ?? 'end_turn';
  }
  if (stopReason === undefined) throw toStreamFault('the stream ended before the reply');
  yield { stopReason, usage };
}

async function toStatusFault(response: Response): Promise<AgentFault> {
  const { status, statusText } = response;
  const text = await response.text().catch(() => '');
  const [awsStatus, exception] =
    FAULTS[status] ?? (status < 500 ? [400, 'ValidationException'] : [500, 'InternalServerException']);
  const message = `has refused the turn with ${status} ${statusText}${HINTS[status] ?? ''}: ${toMessage(text)}`;
  return new AgentFault(awsStatus, exception, message);
}

function toStreamFault(message: string): AgentFault {
  return new AgentFault(500, 'InternalServerException', `has broken off its reply: ${message}`);
}

/** The caller has left, most likely because the time of its turn is over. */
function toLeftFault(startedAt: number, hasText: boolean): AgentFault {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const sent = hasText ? 'only a part of its reply' : 'no text';
  const message = `had sent ${sent} when the turn ended after ${seconds} s. AGENT_TIMEOUT_MS sets the limit of a turn`;
  return new AgentFault(500, 'InternalServerException', message);
}

function toFault(error: unknown): AgentFault {
  if (error instanceof AgentFault) return error;
  // The message of fetch is always the same. Its cause says more.
  const { cause = error, message } = error as Error;
  const { code, message: reason } = cause as NodeJS.ErrnoException;
  if (message === 'fetch failed') {
    return new AgentFault(503, 'ServiceUnavailableException', `cannot be reached: ${code ?? reason}`);
  }
  return toStreamFault(code ?? reason);
}

/** The message of a body that reports an error. */
function toMessage(body: string): string {
  try {
    return toErrorMessage(JSON.parse(body));
  } catch {
    // A proxy has sent text or HTML.
    return body;
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LINE_MAX_LENGTH ? `${line.slice(0, LINE_MAX_LENGTH)}…` : line;
}
