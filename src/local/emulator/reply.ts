import { findDocument, KNOWN_TOPICS, type KnowledgeDocument } from './knowledge.js';
import type { TextChunk, WireCitation } from './event-stream.js';

/** What the emulated agent says, and where a part of it comes from. */
export interface EmulatedReply {
  readonly text: string;
  readonly citations: readonly WireCitation[];
}

const RECALL = /\b(first|remember|recall|beg[au]n|start(ed)?|earlier|before)\b|did I (say|ask)/i;
const QUOTE_LENGTH = 120;
const CHUNK_BYTES = 24;

/**
 * The answer to a prompt, from the prompt and what was said before in the session.
 *
 * @param earlier - the user's prompts of this session so far, oldest first.
 */
export function composeReply(prompt: string, earlier: readonly string[]): EmulatedReply {
  const document = findDocument(prompt);
  const recalling = RECALL.test(prompt) && earlier.length > 0;
  const opening = recalling ? recall(earlier) : `You said ${quote(prompt)}.`;
  const before = document ? `${opening} Here is what I found: ` : opening;
  const excuse = recalling ? '' : ` I am an emulated agent and know little: ask me about ${KNOWN_TOPICS}.`;
  const middle = document?.text ?? excuse;
  const closing = `This is turn ${earlier.length + 1}; you began with ${quote(earlier[0] ?? prompt)}.`;
  return {
    text: `${before}${middle}\n\n${closing}`,
    citations: document ? [cite(document, before.length)] : [],
  };
}

/**
 * Cuts an answer into the chunks of a stream. One cut always falls inside the first character that has several
 * bytes, as the real service's cuts sometimes do; each citation comes with the chunk that ends its text.
 */
export function inChunks({ text, citations }: EmulatedReply): TextChunk[] {
  const bytes = Buffer.from(text, 'utf8');
  const cuts = new Set<number>();
  for (let cut = CHUNK_BYTES; cut < bytes.length; cut += CHUNK_BYTES) cuts.add(cut);
  const continuation = bytes.findIndex((byte) => (byte & 0xc0) === 0x80);
  if (continuation > 0) cuts.add(continuation);

  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => {
    const start = ends[index - 1] ?? 0;
    const ending = citations.filter((citation) => {
      const citedBytes = Buffer.byteLength(text.slice(0, citation.generatedResponsePart.textResponsePart.span.end));
      return start < citedBytes && citedBytes <= end;
    });
    return { bytes: bytes.subarray(start, end), ...(ending.length > 0 && { citations: ending }) };
  });
}

/** The whole answer as the one chunk that comes when streaming was not asked for. */
export function inOneChunk({ text, citations }: EmulatedReply): TextChunk[] {
  return [{ bytes: Buffer.from(text, 'utf8'), ...(citations.length > 0 && { citations }) }];
}

function recall([first = '', ...later]: readonly string[]): string {
  const opening = `The first thing you said to me was ${quote(first)}.`;
  return later.length === 0 ? opening : `${opening} After that came ${later.slice(-3).map(quote).join(' and ')}.`;
}

function cite({ title, text, location }: KnowledgeDocument, start: number): WireCitation {
  const uri = location.type === 'S3' ? location.s3Location.uri : location.webLocation.url;
  return {
    generatedResponsePart: { textResponsePart: { text, span: { start, end: start + text.length } } },
    retrievedReferences: [{ content: { text }, location, metadata: { title, 'x-amz-bedrock-kb-source-uri': uri } }],
  };
}

function quote(prompt: string): string {
  const characters = Array.from(prompt.replace(/\s+/g, ' ').trim());
  const short =
    characters.length > QUOTE_LENGTH ? `${characters.slice(0, QUOTE_LENGTH).join('')}…` : characters.join('');
  return `“${short}”`;
}
