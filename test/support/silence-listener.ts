import { IncomingMessage } from 'node:http';
import type { Silence } from './silence.js';

/** The fields with a turn's texts: in our bodies, in requests to the agent, and in DynamoDB's strings (`S`). */
const SAID = /"(?:prompt|inputText|response|content|answer|title|S)":\s*"((?:[^"\\]|\\.)*)/g;
/** Only this much of a larger body is read. */
const ENOUGH_CHARACTERS = 16_384;
const LOG_LINE = '{"level":';

/**
 * Listens to what this process writes, and to every HTTP body that it receives. Those bodies have all texts of a turn:
 * the table and the agent always run in the process of the test.
 *
 * @returns stops listening.
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
    // The service logs everything for this check only, so the terminal does not show it.
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
  // Only the service sends this header. What the agent and the table send may be secret.
  if (statusCode >= 400 && headers['x-request-id'] !== undefined) silence.wrote('an error answer', body);
}

/** `fetch` does not use `IncomingMessage`, and the service may run in another process. */
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

/** A text that was cut off may end inside an escape sequence. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
