import { describe, expect, it } from '@jest/globals';
import type { Citation } from '../../model/chat.js';
import type { AgentEvent } from '../agent.js';
import { toAgentError } from './aws-agent-errors.js';
import { type MessageStreamEvent, readMessages } from './message-stream.js';

const start = (role = 'assistant'): MessageStreamEvent => ({ messageStart: { role } });
const text = (delta: string): MessageStreamEvent => ({ contentBlockDelta: { delta: { text: delta } } });
const stop = (stopReason = 'end_turn'): MessageStreamEvent => ({ messageStop: { stopReason } });
const usage = (inputTokens: number, outputTokens: number): MessageStreamEvent => ({
  metadata: { usage: { inputTokens, outputTokens } },
});
/** Members that the reader must not read. Their types are the SDK's. */
const other = (event: object) => event as MessageStreamEvent;

async function* toStream(events: readonly MessageStreamEvent[]): AsyncGenerator<MessageStreamEvent> {
  yield* events;
}

/** The events of a reply, and the error that ended it. */
async function read(
  events: readonly MessageStreamEvent[],
  toCitation?: (citation: unknown) => Citation,
): Promise<{ events: AgentEvent[]; text: string; error: unknown }> {
  const collected: AgentEvent[] = [];
  let error: unknown;
  try {
    for await (const event of readMessages(toStream(events), toCitation)) collected.push(event);
  } catch (thrown) {
    error = thrown;
  }
  return {
    events: collected,
    text: collected.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    error,
  };
}

const ROUND_OF_TOOLS = [
  start(),
  text('Let me look.'),
  other({ contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: '1', name: 'look' } } } }),
  other({ contentBlockDelta: { contentBlockIndex: 1, delta: { toolUse: { input: '{"secret":1}' } } } }),
  other({ contentBlockStop: { contentBlockIndex: 1 } }),
  stop('tool_use'),
  usage(10, 5),
  start('user'),
  other({ contentBlockDelta: { contentBlockIndex: 0, delta: { toolResult: [{ text: 'a secret' }] } } }),
  text('a secret'),
  stop('tool_result'),
];

describe('readMessages', () => {
  it('yields each text as it comes, then the end', async () => {
    expect((await read([start(), text('one '), text('two'), stop()])).events).toEqual([
      { type: 'text', text: 'one ' },
      { type: 'text', text: 'two' },
      { type: 'end', reason: 'stop' },
    ]);
  });

  it('yields the texts of the assistant alone over several rounds of tools, and the usage of each', async () => {
    const result = await read([
      ...ROUND_OF_TOOLS,
      ...ROUND_OF_TOOLS,
      start(),
      other({ contentBlockDelta: { delta: { reasoningContent: { text: 'a secret' } } } }),
      text('Here '),
      text('it is.'),
      stop('max_tokens'),
      usage(30, 7),
    ]);
    expect(result.text).toBe('Let me look.\n\nLet me look.\n\nHere it is.');
    expect(result.events.filter(({ type }) => type === 'usage')).toEqual([
      { type: 'usage', inputTokens: 10, outputTokens: 5 },
      { type: 'usage', inputTokens: 10, outputTokens: 5 },
      { type: 'usage', inputTokens: 30, outputTokens: 7 },
    ]);
    expect(result.events.filter(({ type }) => type === 'end')).toEqual([{ type: 'end', reason: 'length' }]);
  });

  it('puts no blank line before or after a message without text', async () => {
    const silentRound = [start(), stop('tool_use'), start('user'), stop('tool_result')];
    const result = await read([...silentRound, start(), text('a'), stop(), ...silentRound, start(), stop()]);
    expect(result.text).toBe('a');
    expect(result.events.at(-1)).toEqual({ type: 'end', reason: 'stop' });
  });

  it('joins the halves of a surrogate pair, wherever the deltas are cut', async () => {
    const whole = 'a👍🏽漢👍';
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const result = await read([start(), text(whole.slice(0, cut)), text(''), text(whole.slice(cut)), stop()]);
      expect(result.text).toBe(whole);
      for (const event of result.events) if (event.type === 'text') expect(event.text.isWellFormed()).toBe(true);
    }
  });

  it('replaces half a pair by U+FFFD at the end of a message and inside of a text', async () => {
    expect((await read([start(), text('a\uD83D'), stop(), start(), text('\uDC4Db\uD83Dc\uD83D'), stop()])).text).toBe(
      'a\uFFFD\n\n\uFFFDb\uFFFDc\uFFFD',
    );
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['max_output_tokens_exceeded', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content-filter'],
    ['guardrail_intervened', 'content-filter'],
    ['hook_stopped', 'content-filter'],
    ['max_iterations_exceeded', 'other'],
    ['timeout_exceeded', 'other'],
    ['interrupted', 'other'],
    ['partial_turn', 'other'],
    ['malformed_model_output', 'other'],
    ['a_reason_of_next_year', 'other'],
    ['constructor', 'other'],
  ])('ends for the reason %s as %s', async (stopReason, reason) => {
    expect((await read([start(), text('a'), stop(stopReason)])).events.at(-1)).toEqual({ type: 'end', reason });
  });

  it.each([
    ['a clean end without a stop', [start(), text('a')], 'NO_MESSAGE_STOP'],
    ['a second message without a stop', [start(), text('a'), stop(), start(), text('b')], 'NO_MESSAGE_STOP'],
    [
      'a last message of the user',
      [start(), text('a'), stop('tool_use'), start('user'), stop('tool_result')],
      'NO_MESSAGE_STOP',
    ],
    ['no event', [], 'NO_MESSAGE_STOP'],
    ['a last stop for a function of the caller', [start(), text('a'), stop('tool_use')], 'TOOL_USE'],
    ['no text', [start(), stop()], 'NO_TEXT'],
    ['an empty text', [start(), text(''), stop('max_tokens')], 'NO_TEXT'],
    ['no text but a filter', [start(), stop('content_filtered')], 'NO_TEXT'],
  ])('fails with a code for the log after %s, without an end', async (_, events, code) => {
    const result = await read(events);
    expect(result.error).toMatchObject({ name: 'MessageStreamError', code });
    expect(result.events.filter(({ type }) => type === 'end')).toEqual([]);
  });

  it.each([
    ['runtimeClientError', 'AgentFailedError'],
    ['internalServerException', 'AgentFailedError'],
    ['modelStreamErrorException', 'AgentFailedError'],
    ['throttlingException', 'AgentBusyError'],
    ['serviceUnavailableException', 'AgentUnavailableError'],
  ])('throws the exception %s that comes as an event, after what came before it', async (member, expected) => {
    const exception = other({ [member]: { message: 'secret' } });
    const result = await read([start(), text('a'), usage(1, 2), exception, text('b'), stop()]);
    expect(result.events.map(({ type }) => type)).toEqual(['text', 'usage']);
    expect(toAgentError(result.error).name).toBe(expected);
    expect(String(result.error)).not.toContain('secret');
  });

  it('yields the citations that the service has', async () => {
    const cite = other({ contentBlockDelta: { delta: { citation: { title: 'A' } } } });
    const result = await read([start(), text('a'), cite, stop()], (citation) => citation as Citation);
    expect(result.events[1]).toEqual({ type: 'citation', citation: { title: 'A' } });
  });
});
