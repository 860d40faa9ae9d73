import { describe, expect, it } from '@jest/globals';
import type { AgentEvent } from './agent.js';
import { ReplyBuffer } from './reply-buffer.js';

const MAX_BYTES = 1_000_000;

const text = (value: string): AgentEvent => ({ type: 'text', text: value });
const citation = (title: string): AgentEvent => ({ type: 'citation', citation: { title } });
const END: AgentEvent = { type: 'end', reason: 'stop' };

function collect(...events: AgentEvent[]): ReplyBuffer {
  const reply = new ReplyBuffer();
  for (const event of events) reply.add(event);
  return reply;
}

describe('ReplyBuffer', () => {
  it('is done when the agent has ended the reply', () => {
    const reply = collect(text('one '), citation('a'), text('two'), END);
    expect(reply.isComplete).toBe(true);
    expect(reply.toOutcome()).toEqual({
      status: 'done',
      reply: 'one two',
      citations: [{ title: 'a' }],
      reason: 'stop',
    });
  });

  it.each([
    ['stop', 'done'],
    ['content-filter', 'done'],
    ['length', 'partial'],
    ['other', 'partial'],
  ] as const)('keeps the reason %s of an end by the agent, and is %s', (reason, status) => {
    const reply = collect(text('one'), { type: 'end', reason });
    expect(reply.isComplete).toBe(true);
    expect(reply.toOutcome()).toEqual({ status, reply: 'one', citations: [], reason });
  });

  it('adds up the tokens of all calls to models, also of a reply that was torn', () => {
    const usage = (inputTokens: number, outputTokens: number): AgentEvent => ({
      type: 'usage',
      inputTokens,
      outputTokens,
    });
    const reply = collect(usage(10, 1), text('one'), usage(20, 2));
    expect(reply.toOutcome()).toEqual({
      status: 'partial',
      reply: 'one',
      citations: [],
      usage: { inputTokens: 30, outputTokens: 3 },
    });
    expect(collect(usage(10, 1)).toOutcome()).toEqual({
      status: 'failed',
      usage: { inputTokens: 10, outputTokens: 1 },
    });
  });

  it('is partial when the reply was torn, and failed when there was no text', () => {
    expect(collect(text('one')).toOutcome()).toEqual({ status: 'partial', reply: 'one', citations: [] });
    expect(collect(citation('a')).toOutcome()).toEqual({ status: 'failed' });
  });

  it('keeps a repeated citation once', () => {
    const outcome = collect(text('x'), citation('a'), citation('b'), citation('a'), END).toOutcome();
    expect(outcome).toMatchObject({ citations: [{ title: 'a' }, { title: 'b' }] });
  });

  it('drops citations that do not fit', () => {
    const outcome = collect(text('x'), citation('a'.repeat(40_000)), citation('b'.repeat(40_000)), END).toOutcome();
    expect(outcome).toMatchObject({ status: 'done', citations: [{ title: 'a'.repeat(40_000) }] });
  });

  it('cuts a reply that is too large between characters, and is partial', () => {
    const reply = collect(text('x'.repeat(MAX_BYTES - 3)));
    expect(reply.isCut).toBe(false);
    expect(reply.add(text('😀'))).toBe('');
    expect(reply.add(text('y'))).toBe('');
    reply.add(END);
    expect([reply.isCut, reply.isComplete]).toEqual([true, false]);
    expect(reply.toOutcome()).toMatchObject({ status: 'partial', reply: 'x'.repeat(MAX_BYTES - 3) });
  });

  it('cuts no grapheme', () => {
    const reply = collect(text('x'.repeat(MAX_BYTES - 14)));
    expect(reply.add(text('y👍🏽👍🏽'))).toBe('y👍🏽');
    expect(reply.isCut).toBe(true);
  });

  it('measures the reply as JSON', () => {
    expect(collect(text('"'.repeat(MAX_BYTES / 2))).isCut).toBe(false);
    const reply = new ReplyBuffer();
    expect(reply.add(text('"'.repeat(MAX_BYTES / 2 + 1)))).toHaveLength(MAX_BYTES / 2);
    expect(reply.isCut).toBe(true);
  });
});
