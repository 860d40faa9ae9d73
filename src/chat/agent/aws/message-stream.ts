import type { Citation, EndReason } from '../../model/chat.js';
import type { AgentEvent } from '../agent.js';

/**
 * An event of the streams of ConverseStream and InvokeHarness, which have the same shape. `C` is a citation as the
 * service writes it. Other members, such as reasoning and tool calls, are not read.
 */
export interface MessageStreamEvent<C = unknown> {
  readonly messageStart?: { readonly role: string | undefined } | undefined;
  readonly contentBlockDelta?: { readonly delta: ContentDelta<C> | undefined } | undefined;
  readonly messageStop?: { readonly stopReason: string | undefined } | undefined;
  readonly metadata?: { readonly usage?: WireUsage | undefined } | undefined;
}

interface ContentDelta<C> {
  readonly text?: string | undefined;
  readonly citation?: C | undefined;
  readonly image?: unknown;
}

interface WireUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** Why a stream without an error of its own is no reply. Logs show the code, but no message. */
class MessageStreamError extends Error {
  override readonly name = 'MessageStreamError';

  constructor(readonly code: 'NO_MESSAGE_STOP' | 'NO_TEXT' | 'TOOL_USE') {
    super(code);
  }
}

/** The stop reasons of both services that are not `other`. `tool_use` has no place here: it is a failure. */
const END_REASONS: Readonly<Record<string, EndReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  max_output_tokens_exceeded: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
  hook_stopped: 'content-filter',
};
const HIGH_SURROGATE_AT_END = /[\uD800-\uDBFF]$/;

/**
 * Reads a stream of messages as one reply. A harness sends several messages in a turn, one for each round of tools.
 * Only the texts of the assistant count. A blank line separates the texts of two messages.
 *
 * @param toCitation - converts a citation of the service.
 * @throws MessageStreamError, and the exceptions of the stream, also if the SDK yields them as events.
 */
export async function* readMessages<C = unknown>(
  events: AsyncIterable<MessageStreamEvent<C>>,
  toCitation?: (citation: C) => Citation | undefined,
): AsyncGenerator<AgentEvent> {
  const texts = new TextJoiner();
  let isAssistant = true;
  let stopReason: string | undefined;
  for await (const event of events) {
    throwIfException(event);
    const { messageStart, contentBlockDelta, messageStop, metadata } = event;
    if (messageStart) {
      isAssistant = messageStart.role !== 'user';
      // A message that does not stop is torn, although an earlier message has stopped.
      stopReason = undefined;
      yield* toTextEvents(texts.endMessage());
    }
    if (contentBlockDelta?.delta && isAssistant) {
      const { text, citation, image } = contentBlockDelta.delta;
      if (image !== undefined) yield { type: 'files', count: 1 };
      if (text) yield* toTextEvents(texts.add(text));
      const converted = citation && toCitation?.(citation);
      if (converted) yield { type: 'citation', citation: converted };
    }
    if (messageStop && isAssistant) stopReason = messageStop.stopReason ?? 'unknown';
    if (metadata?.usage) yield toUsageEvent(metadata.usage);
  }
  yield* toTextEvents(texts.endMessage());
  if (stopReason === undefined) throw new MessageStreamError('NO_MESSAGE_STOP');
  // The agent waits for a function of its caller, which this service has not.
  if (stopReason === 'tool_use') throw new MessageStreamError('TOOL_USE');
  if (texts.isEmpty) throw new MessageStreamError('NO_TEXT');
  yield { type: 'end', reason: toEndReason(stopReason) };
}

/** Joins surrogate pairs that are split over two deltas, and separates messages. */
class TextJoiner {
  isEmpty = true;
  private highSurrogate = '';
  private separator = '';

  add(delta: string): string {
    const joined = this.highSurrogate + delta;
    this.highSurrogate = HIGH_SURROGATE_AT_END.exec(joined)?.[0] ?? '';
    return this.separate(joined.slice(0, joined.length - this.highSurrogate.length));
  }

  /** Returns what is left of the message: U+FFFD for half a pair. */
  endMessage(): string {
    const rest = this.separate(this.highSurrogate);
    this.highSurrogate = '';
    if (!this.isEmpty) this.separator = '\n\n';
    return rest;
  }

  private separate(text: string): string {
    if (text === '') return '';
    const separated = this.separator + text.toWellFormed();
    this.separator = '';
    this.isEmpty = false;
    return separated;
  }
}

/** Throws an exception that comes as an event. The SDK yields it without an error. */
function throwIfException(event: MessageStreamEvent): void {
  const [member, value] = Object.entries(event).find(([, content]) => content !== undefined) ?? [''];
  if (!/(Exception|Error)$/.test(member)) return;
  if (value instanceof Error) throw value;
  const error = new Error('The stream has an exception as an event');
  error.name = member;
  throw error;
}

function* toTextEvents(text: string): Generator<AgentEvent> {
  if (text !== '') yield { type: 'text', text };
}

function toUsageEvent({ inputTokens = 0, outputTokens = 0 }: WireUsage): AgentEvent {
  return { type: 'usage', inputTokens, outputTokens };
}

function toEndReason(stopReason: string): EndReason {
  return (Object.hasOwn(END_REASONS, stopReason) && END_REASONS[stopReason]) || 'other';
}
