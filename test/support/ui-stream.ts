import { tokenOf } from './tokens.js';

/** An event of a stream, as JSON. */
export interface StreamEvent {
  readonly type: string;
  readonly delta?: string;
  readonly errorText?: string;
  readonly messageId?: string;
  readonly messageMetadata?: {
    readonly chat: Record<string, string> & { readonly id: string };
    readonly user_message_id?: string;
  };
  readonly [field: string]: unknown;
}

/** A response of `POST /chat/stream`, read to its end. */
export interface WholeStream {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly raw: string;
  /** The events but for `[DONE]`. */
  readonly events: readonly StreamEvent[];
  /** The types of the events in order. Adjacent deltas count once. */
  readonly outline: readonly string[];
  /** All deltas together. */
  readonly text: string;
  readonly comments: number;
  readonly isDone: boolean;
}

/** The outline of a complete reply without sources. */
export const WHOLE = ['start', 'text-start', 'text-delta', 'text-end', 'finish'];
/** The outline of a reply that broke off after some text. */
export const BROKEN = ['start', 'text-start', 'text-delta', 'text-end', 'error', 'finish'];

/** Optional parts of a request. */
interface StreamOptions {
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a turn and reads the whole stream. */
export async function readStream(
  url: string,
  body: object,
  { user = 'alice', headers = {} }: StreamOptions = {},
): Promise<WholeStream> {
  const response = await fetch(`${url}/chat/stream`, {
    method: 'POST',
    headers: { id_token: tokenOf(user), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return parseStream(response.status, response.headers, await response.text());
}

/** Parses the body of a stream. Every block must be one `data:` line or one comment. */
export function parseStream(status: number, headers: Headers, raw: string): WholeStream {
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
