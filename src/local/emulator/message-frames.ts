import { StringDecoder } from 'node:string_decoder';
import type { MessageBehaviour } from './behaviour.js';
import { buildEventFrame } from './event-stream.js';
import type { TokenCounts } from './reply-source.js';
import type { ReplyFrames } from './steps.js';

type Chunks = readonly (string | Uint8Array)[];

/** The ordinary reply of a service whose replies are streams of messages, and how many bytes it has read for it. */
export interface MessageReply {
  readonly chunks: Chunks;
  readonly inputBytes: number;
  /** `end_turn` by default. */
  readonly stopReason?: string;
  /** By default an estimate. */
  readonly usage?: TokenCounts | undefined;
}

/** About so many bytes are a token. */
const TOKEN_BYTES = 4;

/** Builds the frames of ConverseStream and InvokeHarness, whose events have the same shape. */
export function toMessageFrames(reply: MessageReply): ReplyFrames {
  const { chunks, stopReason = 'end_turn' } = reply;
  const opening = [buildMessageStart('assistant')];
  const usage = buildUsage(reply.usage ?? estimateUsage(reply));
  const closing = [buildBlockStop(0), buildMessageStop(stopReason), usage];
  const texts = buildTexts(chunks);
  return {
    opening,
    chunks: texts,
    closing,
    encode: buildTexts,
    returnControl: [...buildToolUse(), buildMessageStop('tool_use'), usage],
    encodeMessages: (behaviour) => encodeMessages(behaviour, { opening, texts, closing, usage, chunks }),
  };
}

/** Builds a `contentBlockDelta` of the given block. */
export function buildDelta(contentBlockIndex: number, delta: object): Uint8Array {
  return buildEventFrame('contentBlockDelta', { contentBlockIndex, delta });
}

interface Parts {
  readonly opening: readonly Uint8Array[];
  readonly texts: readonly Uint8Array[];
  readonly closing: readonly Uint8Array[];
  readonly usage: Uint8Array;
  readonly chunks: Chunks;
}

function encodeMessages(behaviour: MessageBehaviour, parts: Parts): Uint8Array[] {
  const { opening, texts, closing, usage, chunks } = parts;
  switch (behaviour.type) {
    case 'tool-rounds': {
      const rounds = Array.from({ length: behaviour.rounds }, (_, index) => buildToolRound(index + 1, usage));
      return [...rounds.flat(), ...opening, ...texts, ...closing];
    }
    case 'stop-reason': {
      const { reason, afterChunks = texts.length } = behaviour;
      return [...opening, ...texts.slice(0, afterChunks), buildBlockStop(0), buildMessageStop(reason), usage];
    }
    case 'exception-event': {
      const { exception, afterChunks = 1 } = behaviour;
      const member = exception.charAt(0).toLowerCase() + exception.slice(1);
      const event = buildEventFrame(member, { message: exception });
      return afterChunks === 0 ? [event] : [...opening, ...texts.slice(0, afterChunks), event];
    }
    case 'split-surrogates':
      return [...opening, ...buildTexts(splitPairs(`👋 ${decode(chunks).join('')}`)), ...closing];
    case 'no-stop':
      return [...opening, ...texts, buildBlockStop(0)];
    default:
      return behaviour satisfies never;
  }
}

/** A round of tools: the assistant calls a tool, and the service tells its result as a message of the user. */
function buildToolRound(round: number, usage: Uint8Array): Uint8Array[] {
  return [
    buildMessageStart('assistant'),
    buildDelta(0, { text: `Round ${round}: I look it up.` }),
    buildBlockStop(0),
    ...buildToolUse(),
    buildMessageStop('tool_use'),
    usage,
    buildMessageStart('user'),
    buildEventFrame('contentBlockStart', {
      contentBlockIndex: 0,
      start: { toolResult: { toolUseId: 'tooluse_1', status: 'success' } },
    }),
    buildDelta(0, { toolResult: [{ text: 'a result that the user must not see' }] }),
    buildBlockStop(0),
    buildMessageStop('tool_result'),
  ];
}

/** The block by which the assistant calls a tool. */
function buildToolUse(): Uint8Array[] {
  const toolUse = { toolUseId: 'tooluse_1', name: 'bookHotel' };
  return [
    buildEventFrame('contentBlockStart', { contentBlockIndex: 1, start: { toolUse } }),
    buildDelta(1, { toolUse: { input: '{"city":"Lisbon"}' } }),
    buildBlockStop(1),
  ];
}

function buildTexts(chunks: Chunks): Uint8Array[] {
  return decode(chunks).map((text) => buildDelta(0, { text }));
}

/** The texts of chunks whose bytes may end inside a character. A text of the wire does not. */
function decode(chunks: Chunks): string[] {
  const decoder = new StringDecoder('utf8');
  const texts = chunks.map((chunk) => (typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))));
  return [...texts, decoder.end()].filter((text) => text !== '');
}

/** Splits a text inside of each surrogate pair. */
function splitPairs(text: string): string[] {
  return text.split(/(?<=[\uD800-\uDBFF])(?=[\uDC00-\uDFFF])/);
}

function buildMessageStart(role: 'user' | 'assistant'): Uint8Array {
  return buildEventFrame('messageStart', { role });
}

function buildBlockStop(contentBlockIndex: number): Uint8Array {
  return buildEventFrame('contentBlockStop', { contentBlockIndex });
}

function buildMessageStop(stopReason: string): Uint8Array {
  return buildEventFrame('messageStop', { stopReason });
}

function buildUsage({ inputTokens, outputTokens }: TokenCounts): Uint8Array {
  const totalTokens = inputTokens + outputTokens;
  return buildEventFrame('metadata', { usage: { inputTokens, outputTokens, totalTokens }, metrics: { latencyMs: 1 } });
}

function estimateUsage({ chunks, inputBytes }: MessageReply): TokenCounts {
  const outputBytes = Buffer.byteLength(decode(chunks).join(''));
  return { inputTokens: Math.ceil(inputBytes / TOKEN_BYTES), outputTokens: Math.ceil(outputBytes / TOKEN_BYTES) };
}
