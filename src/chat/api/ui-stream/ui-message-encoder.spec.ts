import { describe, expect, it } from '@jest/globals';
import { ReplyText } from '../../model/reply-text.js';
import { toTurnIds } from '../../model/turn-ids.js';
import { UiMessageEncoder } from './ui-message-encoder.js';

const CHAT = { id: 'c', userId: 'u', title: 't', createdAt: 'then', updatedAt: 'now' };
const CHAT_JSON = '{"id":"c","user_id":"u","title":"t","created_at":"then","updated_at":"now"}';
const START = `data: {"type":"start","messageId":"c:1","messageMetadata":{"chat":${CHAT_JSON},"user_message_id":"c:1:user"}}\n\n`;
const TEXT_START = 'data: {"type":"text-start","id":"answer"}\n\n';
const TEXT_END = 'data: {"type":"text-end","id":"answer"}\n\n';
const FINISH = `data: {"type":"finish","finishReason":"stop","messageMetadata":{"chat":${CHAT_JSON}}}\n\n`;
const DONE = 'data: [DONE]\n\n';
const createDelta = (delta: string) => `data: {"type":"text-delta","id":"answer","delta":${JSON.stringify(delta)}}\n\n`;

function createStarted(text = new ReplyText()): UiMessageEncoder {
  const encoder = new UiMessageEncoder();
  encoder.addStart(CHAT, toTurnIds('c', 1), text);
  return encoder;
}

function createText(text: string): ReplyText {
  const reply = new ReplyText();
  reply.append(text);
  return reply;
}

const WHOLE = {
  chat: CHAT,
  citations: [],
  reason: 'stop' as const,
  usage: undefined,
};

describe('UiMessageEncoder', () => {
  it('tells why the agent ended the reply, and its tokens', () => {
    const encoder = createStarted(createText('one'));
    encoder.finish({ ...WHOLE, reason: 'length', usage: { inputTokens: 3, outputTokens: 4 } });
    const finish = /data: (\{"type":"finish".*)\n/.exec(encoder.takeEvents())?.[1] ?? '';
    expect(JSON.parse(finish)).toMatchObject({
      finishReason: 'length',
      messageMetadata: { usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } },
    });
  });

  it('encodes a reply with its text and its sources', () => {
    const encoder = createStarted(createText('one'));
    encoder.finish({ ...WHOLE, citations: [{ uri: 'https://example.com/' }] });
    const source =
      '{"type":"source-url","sourceId":"source-1","url":"https://example.com/",' +
      '"providerMetadata":{"citation":{"uri":"https://example.com/"}}}';
    expect(encoder.takeEvents()).toBe(
      START + TEXT_START + createDelta('one') + TEXT_END + `data: ${source}\n\n` + FINISH + DONE,
    );
  });

  it('gives each event once, and merges the text since the last time into one delta', () => {
    const text = new ReplyText();
    const encoder = createStarted(text);
    expect(encoder.takeEvents()).toBe(START);
    expect(encoder.takeEvents()).toBe('');
    text.append('one ');
    expect(encoder.takeEvents()).toBe(TEXT_START + createDelta('one '));
    for (const piece of ['two ', 'three ', 'four']) text.append(piece);
    expect(encoder.takeEvents()).toBe(createDelta('two three four'));
    text.append(' five');
    encoder.finish(WHOLE);
    expect(encoder.takeEvents()).toBe(createDelta(' five') + TEXT_END + FINISH + DONE);
  });

  it('gives a long text in several deltas, and the end after the last of them', () => {
    const encoder = createStarted(createText('x'.repeat(150_000)));
    encoder.finish(WHOLE);
    const taken = [1, 2, 3, 4].map(() => encoder.takeEvents());
    const delta = createDelta('x'.repeat(65_536));
    const end = createDelta('x'.repeat(150_000 - 2 * 65_536)) + TEXT_END + FINISH + DONE;
    expect(taken).toEqual([START + TEXT_START + delta, delta, end, '']);
  });

  it('opens no text for a reply without text', () => {
    const encoder = createStarted();
    encoder.finish(WHOLE);
    expect(encoder.takeEvents()).toBe(START + FINISH + DONE);
  });

  it('ends a failed turn with the error, and closes its text', () => {
    const encoder = createStarted(createText('one'));
    encoder.fail('The agent failed');
    expect(encoder.takeEvents()).toBe(
      START +
        TEXT_START +
        createDelta('one') +
        TEXT_END +
        'data: {"type":"error","errorText":"The agent failed"}\n\n' +
        `data: {"type":"finish","finishReason":"error","messageMetadata":{"chat":${CHAT_JSON}}}\n\n` +
        DONE,
    );
  });

  it('names no chat for a turn that never started', () => {
    const encoder = new UiMessageEncoder();
    encoder.fail('The agent is busy');
    expect(encoder.takeEvents()).toBe(
      'data: {"type":"error","errorText":"The agent is busy"}\n\n' +
        'data: {"type":"finish","finishReason":"error"}\n\n' +
        DONE,
    );
  });

  it('keeps a delta on one line, whatever its text', () => {
    const text = 'a\nb\r\nc\r\u2028\u2029d\n\ndata: [DONE]\n\n';
    const encoder = createStarted(createText(text));
    const [, delta = ''] = encoder.takeEvents().split(TEXT_START);
    expect(delta).toMatch(/^data: [^\r\n]*\n\n$/);
    expect(JSON.parse(delta.slice('data: '.length)).delta).toBe(text);
  });
});
