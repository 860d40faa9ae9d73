import { tokenOf } from './chat-app.js';

/** An event of a stream, as JSON. */
export interface StreamEvent {
  readonly type: string;
  readonly delta?: string;
  readonly errorText?: string;
  readonly messageId?: string;
  readonly messageMetadata?: { readonly chat: Record<string, string> & { readonly id: string } };
  readonly [field: string]: unknown;
}

/** An answer of `POST /chat/stream`, read to its end. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly raw: string;
  /** The events but for `[DONE]`. */
  readonly events: readonly StreamEvent[];
  /** The types of the events in order, deltas that follow one another as one. */
  readonly outline: readonly string[];
  /** All deltas together. */
  readonly text: string;
  readonly comments: number;
  readonly isDone: boolean;
}

/** What a test sends along with a turn. */
export interface StreamOptions {
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a turn and gives the answer as soon as its headers are here. */
async function openStream(url: string, body: object, options: StreamOptions = {}): Promise<Response> {
  const { user = 'alice', headers = {}, signal } = options;
  return fetch(`${url}/chat/stream`, {
    method: 'POST',
    headers: { id_token: tokenOf(user), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** Sends a turn and reads the whole stream. */
export async function readStream(url: string, body: object, options: StreamOptions = {}): Promise<StreamedAnswer> {
  const response = await openStream(url, body, options);
  return parseStream(response.status, response.headers, await response.text());
}

/** Takes a stream's body apart. Strict: a block is one `data:` line or one comment. */
export function parseStream(status: number, headers: Headers, raw: string): StreamedAnswer {
  const blocks = raw.split('\n\n').slice(0, -1);
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const lines = isStream ? blocks : [];
  const unknown = lines.filter((block) => !/^(data: .*|: .*)$/.test(block));
  if (unknown.length > 0) throw new Error(`Not an event: ${JSON.stringify(unknown[0])}`);
  const payloads = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
  const isDone = payloads.at(-1) === '[DONE]';
  const events = payloads.slice(0, isDone ? -1 : undefined).map((payload) => JSON.parse(payload) as StreamEvent);
  const types = events.map(({ type }) => type);
  return {
    status,
    headers,
    raw,
    events,
    outline: types.filter((type, index) => type !== 'text-delta' || types[index - 1] !== type),
    text: events.map(({ delta = '' }) => delta).join(''),
    comments: lines.filter((line) => line.startsWith(':')).length,
    isDone,
  };
}
