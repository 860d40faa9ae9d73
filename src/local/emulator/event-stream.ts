import { EventStreamCodec } from '@smithy/core/event-streams';

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** Builds an event of `application/vnd.amazon.eventstream`, with its body as JSON. */
export function buildEventFrame(type: string, body: unknown): Uint8Array {
  return buildFrame({ ':message-type': 'event', ':event-type': type }, body);
}

/** Builds an exception inside the stream. @param name - as in the API, such as `ThrottlingException`. */
export function buildExceptionFrame(name: string, message: string): Uint8Array {
  // On the wire an exception has the name of its member of the stream's union, which begins in lower case.
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return buildFrame({ ':message-type': 'exception', ':exception-type': member }, { message });
}

/** Returns the frame with one bit of its body flipped, so that its checksum is wrong. */
export function corruptFrame(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  const inBody = copy.length - 6;
  copy[inBody] = (copy[inBody] ?? 0) ^ 1;
  return copy;
}

function buildFrame(headers: Readonly<Record<string, string>>, body: unknown): Uint8Array {
  const typed = Object.entries({ ...headers, ':content-type': 'application/json' });
  return codec.encode({
    headers: Object.fromEntries(typed.map(([name, value]) => [name, { type: 'string', value }])),
    body: Buffer.from(JSON.stringify(body)),
  });
}
