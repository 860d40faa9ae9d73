import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCompletionSource } from '../../src/local/emulator/completion-source.js';
import type { Conversation, ReplyEnd } from '../../src/local/emulator/reply-source.js';
import {
  type CompletionBehaviour,
  type CompletionServer,
  refuse,
  startCompletionServer,
  streamPart,
  streamTexts,
  toEvent,
} from '../support/completion-server.js';

const KEY = 'sk-a-secret-of-the-tests';
const PROMPT: Conversation = { messages: [{ role: 'user', text: 'Hi' }] };

describe('createCompletionSource', () => {
  let server: CompletionServer;
  let lines: string[];
  beforeEach(async () => {
    server = await startCompletionServer();
    lines = [];
  });
  afterEach(() => server.close());

  /** The texts of a reply, its end, and the fault without which it would have one. */
  async function read(conversation = PROMPT, { signal = new AbortController().signal, url = server.url } = {}) {
    const source = createCompletionSource({ url: new URL(url), model: 'small', key: KEY }, (line) => lines.push(line));
    const texts: string[] = [];
    const ends: ReplyEnd[] = [];
    try {
      for await (const part of source(conversation, signal)) {
        if (typeof part === 'string') texts.push(part);
        else ends.push(part);
      }
      return { texts, ends };
    } catch (fault) {
      return { texts, ends, fault };
    }
  }

  it('yields each text as it comes', async () => {
    const texts: (string | ReplyEnd)[] = [];
    // The server sends no text before the last one was read.
    const pause = async (index: number) => {
      while (texts.length < index) await wait(5);
    };
    server.behaviour = streamTexts(['Grü', 'ße ', '👋🏽'], { pause });
    const source = createCompletionSource({ url: new URL(server.url) }, (line) => lines.push(line));
    for await (const part of source(PROMPT, new AbortController().signal)) texts.push(part);
    expect(texts).toEqual(['Grü', 'ße ', '👋🏽', { stopReason: 'end_turn' }]);
    expect(lines).toEqual([]);
  });

  it('sends the conversation, the model and the key, and asks for a stream', async () => {
    const messages = [
      { role: 'user', text: 'one' },
      { role: 'user', text: 'two' },
      { role: 'assistant', text: 'reply' },
      { role: 'user', text: 'three' },
    ] as const;
    await read({ messages, systemPrompt: 'Be brief', maxTokens: 9 }, { url: `${server.url}/` });
    expect(server.requests).toEqual([
      {
        path: '/v1/chat/completions',
        authorization: `Bearer ${KEY}`,
        body: {
          model: 'small',
          stream: true,
          stream_options: { include_usage: true },
          max_tokens: 9,
          messages: [
            { role: 'system', content: 'Be brief' },
            { role: 'user', content: 'one\n\ntwo' },
            { role: 'assistant', content: 'reply' },
            { role: 'user', content: 'three' },
          ],
        },
      },
    ]);
  });

  it('reads events that are cut anywhere, with comments, reasoning and both kinds of line ends', async () => {
    const stream = `: ok\r\n\r\n${toEvent({ reasoning_content: 'hm' })}${toEvent({ content: 'é漢' }).replace(/\n/g, '\r\n')}${toEvent({ content: null }, 'stop')}`;
    const bytes = Buffer.from(stream);
    for (const size of [1, 7, 4000]) {
      server.behaviour = async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let at = 0; at < bytes.length; at += size) {
          await new Promise<void>((resolve) => response.write(bytes.subarray(at, at + size), () => resolve()));
        }
        response.end();
      };
      expect(await read()).toEqual({ texts: ['é漢'], ends: [{ stopReason: 'end_turn' }] });
    }
  });

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['content_filter', 'content_filtered'],
    ['a_reason_of_next_year', 'end_turn'],
    ['constructor', 'end_turn'],
  ])('ends for the reason %s as AWS would for %s', async (reason, stopReason) => {
    server.behaviour = streamTexts(['Hello'], { reason });
    expect(await read()).toEqual({ texts: ['Hello'], ends: [{ stopReason }] });
    expect(lines).toEqual([]);
  });

  it.each([
    [
      { prompt_tokens: 30, completion_tokens: 0, total_tokens: 30 },
      { inputTokens: 30, outputTokens: 0 },
    ],
    [null, undefined],
    [{}, undefined],
    [{ prompt_tokens: 30 }, undefined],
    [{ prompt_tokens: -1, completion_tokens: 1.5 }, undefined],
    [{ prompt_tokens: '30', completion_tokens: '7' }, undefined],
  ])('counts the tokens as the endpoint does, if it does: %j', async (sent, usage) => {
    server.behaviour = streamTexts(['Hello'], { usage: sent });
    expect(await read()).toEqual({ texts: ['Hello'], ends: [{ stopReason: 'end_turn', usage }] });
  });

  it('takes the last count of an endpoint that counts in each event', async () => {
    server.behaviour = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const [content, reason, count] of [
        ['Hel', null, 1],
        ['lo', 'length', 2],
      ] as const) {
        const choices = [{ delta: { content }, finish_reason: reason }];
        const usage = { prompt_tokens: 9, completion_tokens: count };
        response.write(`data: ${JSON.stringify({ choices, usage })}\n\n`);
      }
      response.end();
    };
    const end = { stopReason: 'max_tokens', usage: { inputTokens: 9, outputTokens: 2 } };
    expect(await read()).toEqual({ texts: ['Hel', 'lo'], ends: [end] });
  });

  const cut: CompletionBehaviour = async (response) => {
    await streamPart(['Hel', 'lo'])(response);
    response.destroy();
  };
  const endEarly: CompletionBehaviour = async (response) => {
    await streamPart(['Hel', 'lo'])(response);
    response.end();
  };
  const failInside =
    (line: string): CompletionBehaviour =>
    async (response) => {
      await streamPart(['Hel', 'lo'])(response);
      response.end(`${line}\n\n`);
    };
  const sendJson: CompletionBehaviour = (response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"choices":[]}');
  };
  const hangUp: CompletionBehaviour = (response) => void response.destroy();

  it.each<[string, CompletionBehaviour, number, string, string, string[]]>([
    ['a wrong key', refuse(401, `Incorrect API key: ${KEY}`), 403, 'AccessDeniedException', 'with 401 Unauthorized (check LOCAL_AGENT_KEY): Incorrect API key: ***', []], // prettier-ignore
    ['an unknown model', refuse(404, 'model "small" not found'), 400, 'ValidationException', 'ends in /v1): model "small" not found', []], // prettier-ignore
    ['too many requests', refuse(429, 'Slow\ndown'), 429, 'ThrottlingException', 'with 429 Too Many Requests: Slow down', []], // prettier-ignore
    ['a model that loads', refuse(503, 'Loading model'), 503, 'ServiceUnavailableException', 'with 503 Service Unavailable: Loading model', []], // prettier-ignore
    [
      'an error',
      refuse(500, `${'x '.repeat(90)}${KEY}${'x'.repeat(300)}`),
      500,
      'InternalServerException',
      'x ***x',
      [],
    ],
    ['no stream', sendJson, 500, 'InternalServerException', 'has sent no stream of events, but the content type application/json', []], // prettier-ignore
    ['a connection that closes', hangUp, 503, 'ServiceUnavailableException', 'cannot be reached: UND_ERR_SOCKET', []],
    ['a connection that is cut', cut, 500, 'InternalServerException', 'has broken off its reply: UND_ERR_SOCKET', ['Hel', 'lo']], // prettier-ignore
    ['an early end', endEarly, 500, 'InternalServerException', 'has broken off its reply: the stream ended before the reply', ['Hel', 'lo']], // prettier-ignore
    ['an error inside the stream', failInside('data: {"error":{"message":"Out of memory"}}'), 500, 'InternalServerException', 'has broken off its reply: Out of memory', ['Hel', 'lo']], // prettier-ignore
    ['an error of llama.cpp', failInside('error: {"code":500,"message":"Too long"}'), 500, 'InternalServerException', 'has broken off its reply: Too long', ['Hel', 'lo']], // prettier-ignore
  ])('fails as AWS would, and says why in one line: %s', async (_, behaviour, status, exception, line, texts) => {
    server.behaviour = behaviour;
    const result = await read();
    expect(result).toMatchObject({ texts, ends: [], fault: { status, exception } });
    expect(lines).toEqual([expect.stringContaining(line)]);
    expect(lines[0]).toMatch(/^The model at LOCAL_AGENT_URL \(http:\/\/127\.0\.0\.1:\d+\) [^\n]+$/);
    expect(lines[0]?.length).toBeLessThanOrEqual(301);
    expect([lines[0], String(result.fault)].join()).not.toContain(KEY);
  });

  it('is unavailable if nothing listens', async () => {
    await server.close();
    expect(await read()).toMatchObject({ fault: { status: 503, exception: 'ServiceUnavailableException' } });
    expect(lines).toEqual([expect.stringContaining('cannot be reached: ECONNREFUSED')]);
  });

  it('says that a reply has no text', async () => {
    server.behaviour = streamTexts([]);
    expect(await read()).toMatchObject({ texts: [] });
    expect(lines).toEqual([expect.stringContaining('has sent a reply without text')]);
  });

  it.each<[string, CompletionBehaviour, string]>([
    ['no text', () => undefined, 'had sent no text when the turn ended after 0 s'],
    ['a part', streamPart(['Hel']), 'had sent only a part of its reply when the turn ended'],
  ])('ends its request when the caller leaves a slow model, after %s', async (_, behaviour, line) => {
    server.behaviour = behaviour;
    expect(await read(PROMPT, { signal: AbortSignal.timeout(150) })).toHaveProperty('fault');
    expect(lines).toEqual([expect.stringContaining(line)]);
    while (server.abandoned === 0) await wait(5);
  });
});
