import { IncomingMessage } from 'node:http';
import type { Silence } from './silence.js';

/** Where a turn's texts stand: in our bodies, in what the agent is sent, and as strings of DynamoDB (`S`). */
const SAID = /"(?:prompt|inputText|response|content|answer|S)":\s*"((?:[^"\\]|\\.)*)/g;
/** Of a larger body the beginning is looked at. */
const ENOUGH_CHARACTERS = 16_384;
const LOG_LINE = '{"level":';

/**
 * Hears what this process writes, and every HTTP body that reaches it. That is all that is said in a turn: the table
 * and the agent are in the process of the test, also where the service is not.
 *
 * @returns ends it.
 */
export function listenFor(silence: Silence): () => void {
  const undo = [
    hearBodies(silence),
    hearFetch(silence),
    ...[process.stdout, process.stderr].map((stream) => hearStream(silence, stream)),
  ];
  silence.isHeard = true;
  return () => undo.forEach((step) => step());
}

function hearStream(silence: Silence, stream: NodeJS.WriteStream): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called on its stream
  const { write } = stream;
  stream.write = (piece: string | Uint8Array, ...rest: never[]): boolean => {
    const text = String(piece);
    silence.wrote('the log of this process', text);
    // All of it is logged for the sake of this check; nobody wants to read it.
    return text.startsWith(LOG_LINE) || write.call(stream, piece, ...rest);
  };
  return () => (stream.write = write);
}

function hearBodies(silence: Silence): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called on its message
  const { push } = IncomingMessage.prototype;
  const bodies = new WeakMap<IncomingMessage, string>();
  IncomingMessage.prototype.push = function (
    this: IncomingMessage,
    chunk: unknown,
    encoding?: BufferEncoding,
  ): boolean {
    const body = bodies.get(this) ?? '';
    if (chunk === null) hearMessage(silence, this, body);
    else if (body.length < ENOUGH_CHARACTERS) bodies.set(this, body + String(chunk));
    return push.call(this, chunk, encoding);
  };
  return () => (IncomingMessage.prototype.push = push);
}

function hearMessage(silence: Silence, { headers, statusCode = 0 }: IncomingMessage, body: string): void {
  const { authorization, id_token: token, 'idempotency-key': key } = headers;
  silence.keep(...[authorization, token, key].flat().flatMap((value) => value?.split('.') ?? []));
  keepSaid(silence, body);
  // Ours alone has this header: the agent and the table of the tests say what they like.
  if (statusCode >= 400 && headers['x-request-id'] !== undefined) silence.wrote('an error answer', body);
}

/** `fetch` has a client of its own, and the service that answers it may be another process. */
function hearFetch(silence: Silence): () => void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    if (typeof init?.body === 'string') keepSaid(silence, init.body);
    const response = await fetch(input, init);
    const isFailure = response.status >= 400 && response.headers.has('x-request-id');
    if (isFailure) silence.wrote('an error answer', await response.clone().text());
    return response;
  };
  return () => (globalThis.fetch = fetch);
}

function keepSaid(silence: Silence, body: string): void {
  for (const [, text = ''] of body.matchAll(SAID)) silence.keep(unescaped(text));
}

/** A text that was cut off may end inside of an escape. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
