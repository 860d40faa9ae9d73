import type { TokenCounts } from './reply-source.js';

/** What the emulated agent reads of an event of `/chat/completions`. */
interface CompletionEvent {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null } | null;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
  readonly error?: unknown;
}

/** A part of a streamed completion. */
export type CompletionPart =
  | { readonly type: 'text'; readonly text: string }
  /** The model has ended its reply. May come twice, with `done` as the second reason. */
  | { readonly type: 'finish'; readonly reason: string }
  /** The tokens so far. Comes at the end or with each event, if at all. */
  | { readonly type: 'usage'; readonly usage: TokenCounts }
  /** The endpoint has failed inside the stream. */
  | { readonly type: 'error'; readonly message: string };

/**
 * Reads a stream of server-sent events as OpenAI-compatible endpoints send it. Each event is one line `data: {…}`,
 * and the last is `data: [DONE]`. Other lines are ignored, except errors of llama.cpp: `error: {…}`.
 */
export async function* readCompletion(body: AsyncIterable<Uint8Array>): AsyncGenerator<CompletionPart> {
  for await (const line of readLines(body)) {
    const [, field, value = ''] = /^(data|error): ?(.*)$/.exec(line) ?? [];
    if (field === undefined) continue;
    if (value.trim() === '[DONE]') yield { type: 'finish', reason: 'done' };
    else yield* toParts(field === 'error' ? { error: parseJson(value) } : (parseJson(value) as CompletionEvent | null));
  }
}

/** The message of an error, in the forms that endpoints use. */
export function toErrorMessage(error: unknown): string {
  if (typeof error === 'string') return error;
  const { error: inner, message } = (error ?? {}) as { error?: unknown; message?: unknown };
  if (inner !== undefined) return toErrorMessage(inner);
  return typeof message === 'string' ? message : JSON.stringify(error);
}

function* toParts(event: CompletionEvent | null): Generator<CompletionPart> {
  if (event?.error !== undefined && event.error !== null) {
    yield { type: 'error', message: toErrorMessage(event.error) };
  }
  const { delta, finish_reason: reason } = event?.choices?.[0] ?? {};
  if (delta?.content) yield { type: 'text', text: delta.content };
  if (reason) yield { type: 'finish', reason };
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = event?.usage ?? {};
  if (isCount(inputTokens) && isCount(outputTokens)) yield { type: 'usage', usage: { inputTokens, outputTokens } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}

/** @returns the text itself if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
