import { EventStreamCodec } from '@smithy/core/event-streams';

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** Where a part of an answer comes from, as Bedrock writes it. */
export interface WireCitation {
  readonly generatedResponsePart: {
    readonly textResponsePart: {
      readonly text: string;
      readonly span: { readonly start: number; readonly end: number };
    };
  };
  readonly retrievedReferences: readonly {
    readonly content: { readonly text: string };
    readonly location: WireLocation;
    readonly metadata?: Readonly<Record<string, unknown>>;
  }[];
}

export type WireLocation =
  | { readonly type: 'S3'; readonly s3Location: { readonly uri: string } }
  | { readonly type: 'WEB'; readonly webLocation: { readonly url: string } };

/** A piece of an answer: bytes, which may end inside a character, citations, or both. */
export interface TextChunk {
  readonly bytes?: Uint8Array;
  readonly citations?: readonly WireCitation[];
}

/** The frame of one `chunk` event. */
export function chunkFrame({ bytes, citations }: TextChunk): Uint8Array {
  return eventFrame('chunk', {
    ...(bytes && { bytes: Buffer.from(bytes).toString('base64') }),
    ...(citations && { attribution: { citations } }),
  });
}

/** The frame of any event of `application/vnd.amazon.eventstream`, its body as JSON. */
export function eventFrame(type: string, body: unknown): Uint8Array {
  return frame({ ':message-type': 'event', ':event-type': type }, body);
}

/** The frame of an exception inside the stream; `name` as in the API, such as `ThrottlingException`. */
export function exceptionFrame(name: string, message: string): Uint8Array {
  // On the wire an exception goes by its member name in the stream's union, which starts with a small letter.
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return frame({ ':message-type': 'exception', ':exception-type': member }, { message });
}

/** The same frame with one bit of its body wrong, so that its checksum does not match. */
export function corrupted(whole: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(whole);
  const inBody = copy.length - 6;
  copy[inBody] = (copy[inBody] ?? 0) ^ 1;
  return copy;
}

function frame(headers: Readonly<Record<string, string>>, body: unknown): Uint8Array {
  const typed = Object.entries({ ...headers, ':content-type': 'application/json' });
  return codec.encode({
    headers: Object.fromEntries(typed.map(([name, value]) => [name, { type: 'string', value }])),
    body: Buffer.from(JSON.stringify(body)),
  });
}
