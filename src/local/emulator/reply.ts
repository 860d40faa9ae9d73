import { findDocument, KNOWN_TOPICS } from './knowledge.js';

/** What the emulated agent says. */
export interface EmulatedReply {
  readonly text: string;
  readonly citations: readonly ReplyCitation[];
}

/** The source of a part of the reply. */
export interface ReplyCitation {
  /** The part that is cited, word for word. */
  readonly text: string;
  /** Where it begins in the reply, in UTF-16 units. */
  readonly start: number;
  readonly title: string;
  readonly uri: string;
}

/** A piece of the reply. Its bytes may end inside a character. */
export interface ReplyChunk {
  readonly bytes: Uint8Array;
  /** The citations whose text ends in this chunk; absent if there are none. */
  readonly citations?: readonly ReplyCitation[];
}

const RECALL = /\b(first|remember|recall|beg[au]n|start(ed)?|earlier|before)\b|did I (say|ask)/i;
const QUOTE_LENGTH = 120;

/**
 * Composes the reply to a prompt.
 *
 * @param earlier - the user's earlier prompts of this session, oldest first.
 */
export function composeReply(prompt: string, earlier: readonly string[]): EmulatedReply {
  const document = findDocument(prompt);
  const recalls = RECALL.test(prompt) && earlier.length > 0;
  const opening = recalls ? recall(earlier) : `You said ${quote(prompt)}.`;
  const before = document ? `${opening} Here is what I found: ` : opening;
  const excuse = recalls ? '' : ` I am an emulated agent and know little: ask me about ${KNOWN_TOPICS}.`;
  const middle = document?.text ?? excuse;
  const closing = `This is turn ${earlier.length + 1}; you began with ${quote(earlier[0] ?? prompt)}.`;
  return {
    text: `${before}${middle}\n\n${closing}`,
    citations: document
      ? [{ text: document.text, start: before.length, title: document.title, uri: document.uri }]
      : [],
  };
}

/**
 * Splits a reply into chunks of so many bytes. One split is always inside the first character of several bytes, as
 * sometimes happens on AWS. Each citation comes with the chunk in which its text ends.
 */
export function splitReply({ text, citations }: EmulatedReply, chunkBytes: number): ReplyChunk[] {
  const bytes = Buffer.from(text, 'utf8');
  const cuts = new Set<number>();
  for (let cut = chunkBytes; cut < bytes.length; cut += chunkBytes) cuts.add(cut);
  const continuation = bytes.findIndex((byte) => (byte & 0xc0) === 0x80);
  if (continuation > 0) cuts.add(continuation);

  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => {
    const start = ends[index - 1] ?? 0;
    const ending = citations.filter((citation) => {
      const citedBytes = Buffer.byteLength(text.slice(0, citation.start + citation.text.length));
      return start < citedBytes && citedBytes <= end;
    });
    return { bytes: bytes.subarray(start, end), ...(ending.length > 0 && { citations: ending }) };
  });
}

/** Returns the whole reply as one chunk, for callers that do not ask for streaming. */
export function toSingleChunk({ text, citations }: EmulatedReply): ReplyChunk {
  return { bytes: Buffer.from(text, 'utf8'), ...(citations.length > 0 && { citations }) };
}

function recall([first = '', ...later]: readonly string[]): string {
  const opening = `The first thing you said to me was ${quote(first)}.`;
  return later.length === 0 ? opening : `${opening} After that came ${later.slice(-3).map(quote).join(' and ')}.`;
}

function quote(prompt: string): string {
  const characters = Array.from(prompt.replace(/\s+/g, ' ').trim());
  const short =
    characters.length > QUOTE_LENGTH ? `${characters.slice(0, QUOTE_LENGTH).join('')}…` : characters.join('');
  return `“${short}”`;
}
