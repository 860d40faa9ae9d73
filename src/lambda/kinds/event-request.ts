/** An object of an event. Each field may be anything, because a function can be invoked with any JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Header names in lower case, each with the values of its lines. */
export type HeaderLines = Readonly<Record<string, string[]>>;

/** Which field of a response its reader takes the headers from: `headers`, `multiValueHeaders`, or either. */
export type HeaderForm = 'single' | 'multi' | 'both';

/** What an event says about its request. Nothing of it is checked yet. */
export interface EventRequest {
  readonly method: unknown;
  readonly path: unknown;
  /** What the gateway knows about the path. */
  readonly route?: GatewayRoute;
  /** The query as in a URL, without its question mark. */
  readonly query: string;
  readonly headers: HeaderLines;
  /** Text, or the JSON itself in an event that was written by hand. */
  readonly body: unknown;
  readonly isBase64Encoded: unknown;
  readonly headerForm: HeaderForm;
}

/** How a gateway has matched a path. */
export interface GatewayRoute {
  /** The resource that matched, such as `/chats/{id}` or `/{proxy+}`. */
  readonly resource?: unknown;
  readonly parameters?: unknown;
  readonly stage?: unknown;
}

/** Reads an event of one kind. It returns undefined for any other kind. */
export type EventReader = (event: JsonObject) => EventRequest | undefined;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads maps of headers, whose values are texts or lists of texts. Of a name in several maps, the last one counts.
 * Names that differ in case are lines of one header, so that none of them hides another. Other values are left out.
 */
export function readHeaders(...maps: readonly unknown[]): HeaderLines {
  return Object.fromEntries(maps.flatMap((map) => [...readLines(map)]));
}

function readLines(map: unknown): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [name, values] of listTexts(map)) {
    const known = lines.get(name.toLowerCase()) ?? [];
    lines.set(name.toLowerCase(), [...known, ...values]);
  }
  return lines;
}

/**
 * Reads maps of query parameters, whose values are texts or lists of texts. Of a name in several maps, the last one
 * counts.
 *
 * @param encode - how a text is written into a URL.
 */
export function readQuery(maps: readonly unknown[], encode: (text: string) => string): string {
  const parameters = new Map(maps.flatMap(listTexts));
  return [...parameters]
    .flatMap(([name, values]) => values.map((value) => `${encode(name)}=${encode(value)}`))
    .join('&');
}

/** Encodes a text that the gateway has decoded. A URL cannot hold a lone surrogate. */
export function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** The entries of a map, each with its texts. A name without any text is left out. */
function listTexts(map: unknown): [name: string, texts: string[]][] {
  return Object.entries(isObject(map) ? map : {}).flatMap(([name, value]) => {
    const texts = [value].flat().filter((text) => typeof text === 'string');
    return texts.length === 0 ? [] : [[name, texts]];
  });
}
