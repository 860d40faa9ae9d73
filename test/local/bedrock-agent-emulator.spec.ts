import {
  BedrockAgentRuntimeClient,
  InvokeAgentCommand,
  type InvokeAgentCommandInput,
  type ResponseStream,
} from '@aws-sdk/client-bedrock-agent-runtime';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type BedrockAgentEmulator, startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';

const HISTORY = [
  { role: 'user', content: [{ text: 'My name is Ada' }] },
  { role: 'assistant', content: [{ text: 'Hello Ada' }] },
] as const;

/** Reads all events. Returns them and the error that ended them, if any. */
async function collect(events: AsyncIterable<ResponseStream>): Promise<{ events: ResponseStream[]; error?: Error }> {
  const seen: ResponseStream[] = [];
  try {
    for await (const event of events) seen.push(event);
    return { events: seen };
  } catch (error) {
    return { events: seen, error: error as Error };
  }
}

const toBytes = (events: readonly ResponseStream[]) => events.map(({ chunk }) => Buffer.from(chunk?.bytes ?? []));
const toText = (events: readonly ResponseStream[]) => Buffer.concat(toBytes(events)).toString('utf8');

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('startBedrockAgentEmulator', () => {
  let now: number;
  let sut: BedrockAgentEmulator;
  let client: BedrockAgentRuntimeClient;

  beforeEach(async () => {
    now = Date.parse('2024-01-01T12:00:00Z');
    sut = await startBedrockAgentEmulator({ now: () => now });
    client = new BedrockAgentRuntimeClient({
      endpoint: sut.endpoint,
      region: 'us-east-1',
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });
  });

  afterEach(async () => {
    client.destroy();
    await sut.close();
  });

  async function* invoke(prompt: string, input: Partial<InvokeAgentCommandInput> = {}, signal?: AbortSignal) {
    const command = new InvokeAgentCommand({
      agentId: 'AGENT',
      agentAliasId: 'ALIAS',
      sessionId: 'session-1',
      inputText: prompt,
      streamingConfigurations: { streamFinalResponse: true },
      ...input,
    });
    const { completion } = await client.send(command, signal ? { abortSignal: signal } : {});
    yield* completion as AsyncIterable<ResponseStream>;
  }

  async function ask(prompt: string, input: Partial<InvokeAgentCommandInput> = {}): Promise<string> {
    const { events, error } = await collect(invoke(prompt, input));
    if (error) throw error;
    return toText(events);
  }

  it('replies to the prompt, in chunks that split a character', async () => {
    const { events } = await collect(invoke('Grüße aus Köln'));

    const pieces = toBytes(events);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.some((piece) => piece.toString('utf8').includes('\ufffd'))).toBe(true);
    expect(toText(events)).toMatch(/^You said “Grüße aus Köln”\..*This is turn 1; you began with “Grüße aus Köln”\.$/s);
  });

  it('cites the document that it quotes', async () => {
    const { events } = await collect(invoke('Plan a weekend in Lisbon'));

    const text = toText(events);
    const [citation] = events.flatMap(({ chunk }) => chunk?.attribution?.citations ?? []);
    const part = citation?.generatedResponsePart?.textResponsePart;
    expect(text.slice(part?.span?.start, part?.span?.end)).toBe(part?.text);
    expect(citation?.retrievedReferences).toEqual([
      {
        content: { text: part?.text },
        location: { type: 'WEB', webLocation: { url: 'https://example.com/travel/lisbon' } },
        metadata: expect.objectContaining({ title: 'Lisbon in two days' }),
      },
    ]);
  });

  it('replies in one chunk if the caller does not ask for streaming', async () => {
    const { events } = await collect(invoke('Lisbon', { streamingConfigurations: {} }));

    expect(events).toHaveLength(1);
    expect(events[0]?.chunk?.attribution?.citations).toHaveLength(1);
  });

  it('recalls the prompts of the session, and of no other', async () => {
    await ask('I like trams');
    await ask('I like boats');

    expect(await ask('What did I say first?')).toBe(
      'The first thing you said to me was “I like trams”. After that came “I like boats”.\n\n' +
        'This is turn 3; you began with “I like trams”.',
    );
    expect(await ask('And now?', { sessionId: 'session-2' })).toContain('This is turn 1; you began with “And now?”');
  });

  it('forgets a session after its idle time, without any sign', async () => {
    await ask('I like trams');
    now += 599_000;
    expect(await ask('Still there?')).toContain('This is turn 2; you began with “I like trams”');
    now += 600_000;
    expect(await ask('Still there?')).toContain('This is turn 1; you began with “Still there?”');
  });

  it('reads a conversation history, which a live session appends', async () => {
    const sessionState = { conversationHistory: { messages: [...HISTORY] as never } };

    expect(await ask('Who am I?', { sessionState })).toContain('This is turn 2; you began with “My name is Ada”');
    expect(await ask('Who am I?', { sessionState })).toContain('This is turn 4; you began with “My name is Ada”');
    expect(sut.invocations[0]?.conversationHistory).toEqual([
      { role: 'user', text: 'My name is Ada' },
      { role: 'assistant', text: 'Hello Ada' },
    ]);
  });

  it('forgets a session that the caller ends', async () => {
    await ask('I like trams');
    await ask('', { endSession: true });

    expect(await ask('Hi')).toContain('This is turn 1');
  });

  it('records invocations, and serves several turns on one connection', async () => {
    await ask('One');
    await ask('Two', { enableTrace: true, streamingConfigurations: {} });

    const target = { agentId: 'AGENT', agentAliasId: 'ALIAS', sessionId: 'session-1', endSession: false };
    const session = { ...target, knownAttributes: {} };
    expect(sut.invocations).toEqual([
      { ...session, prompt: 'One', enableTrace: false, streamFinalResponse: true, outcome: 'replied' },
      { ...session, prompt: 'Two', enableTrace: true, streamFinalResponse: false, outcome: 'replied' },
    ]);
    expect(sut.connections).toBe(1);
  });

  it.each([
    ['an invalid session id', { sessionId: 'no spaces' }],
    ['an empty prompt', { inputText: '' }],
    ['a history out of turn', { sessionState: { conversationHistory: { messages: [HISTORY[1]] as never } } }],
  ])('refuses %s', async (_name, input) => {
    await expect(ask('Hi', input)).rejects.toMatchObject({ name: 'ValidationException' });
    expect(sut.invocations).toEqual([]);
  });

  describe('with a behaviour in the queue', () => {
    it('sends an HTTP error', async () => {
      sut.enqueue({ type: 'http-error', status: 429, exception: 'ThrottlingException', message: 'Slow down' });

      await expect(ask('Hi')).rejects.toMatchObject({
        name: 'ThrottlingException',
        message: 'Slow down',
        $metadata: { httpStatusCode: 429 },
      });
      expect(await ask('Hi')).toContain('This is turn 1');
      expect(sut.invocations).toHaveLength(2);
    });

    it('sends an exception inside the stream', async () => {
      sut.enqueue({ type: 'stream-exception', exception: 'DependencyFailedException', message: 'Oh', afterChunks: 2 });

      const { events, error } = await collect(invoke('Hi'));

      expect(events).toHaveLength(2);
      expect(error).toMatchObject({ name: 'DependencyFailedException', message: 'Oh' });
    });

    it.each([0, 2])('closes the connection after %d chunks', async (afterChunks) => {
      sut.enqueue({ type: 'torn', afterChunks });

      const { events, error } = await collect(invoke('Hi'));

      expect(events).toHaveLength(afterChunks);
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(sut.invocations[0]?.outcome).toBe('cut');
    });

    it('closes the connection before a response', async () => {
      sut.enqueue({ type: 'hang-up' });

      await expect(ask('Hi')).rejects.toMatchObject({ code: 'ECONNRESET' });
    });

    it('is silent until the caller disconnects', async () => {
      sut.enqueue({ type: 'silence', afterChunks: 1 });
      const leaving = new AbortController();
      const events = invoke('Hi', {}, leaving.signal);

      await events.next();
      const second = events.next();
      leaving.abort();

      await expect(second).rejects.toThrow();
      await until(() => sut.invocations[0]?.outcome !== 'running');
      expect(sut.invocations[0]?.outcome).toBe('left');
    });

    it('can be closed while it is silent', async () => {
      sut.enqueue({ type: 'silence' });
      const reading = collect(invoke('Hi'));
      await until(() => sut.invocations.length > 0);

      await sut.close();

      expect((await reading).error).toMatchObject({ code: 'ECONNRESET' });
    });

    it('sends a corrupt frame', async () => {
      sut.enqueue({ type: 'corrupt-frame', afterChunks: 1 });

      const { events, error } = await collect(invoke('Hi'));

      expect(events).toHaveLength(1);
      expect(error?.message).toMatch(/checksum/i);
    });

    it('ends without a reply', async () => {
      sut.enqueue({ type: 'empty' });

      expect(await collect(invoke('Hi'))).toEqual({ events: [] });
    });

    it('sends the given chunks', async () => {
      const euro = Buffer.from('€');
      sut.enqueue({
        type: 'chunks',
        chunks: ['5 ', euro.subarray(0, 1), { bytes: euro.subarray(1) }, { citations: [] }],
      });

      const { events } = await collect(invoke('How much?'));

      expect(events).toHaveLength(4);
      expect(toText(events)).toBe('5 €');
    });

    it('replies late', async () => {
      sut.enqueue({ type: 'delay', milliseconds: 60 });
      const start = performance.now();

      expect(await ask('Hi')).toContain('This is turn 1');
      expect(performance.now() - start).toBeGreaterThan(50);
    });

    it('waits before each chunk of a reply with a pace', async () => {
      const start = performance.now();
      const { events } = await collect(invoke('Hi [[fault reply pace=20]]'));

      expect(events.length).toBeGreaterThan(3);
      expect(performance.now() - start).toBeGreaterThan(events.length * 15);
    });

    it('returns control', async () => {
      sut.enqueue({ type: 'return-control' });

      const { events } = await collect(invoke('Book a hotel'));

      expect(events[0]?.returnControl?.invocationInputs?.[0]?.functionInvocationInput?.function).toBe('bookHotel');
    });

    it('follows the directives of a prompt, after the behaviours in the queue', async () => {
      sut.enqueue({ type: 'empty' });
      const prompt = 'Hi [[fault torn after=1]]';

      expect(await collect(invoke(prompt))).toEqual({ events: [] });
      const { events, error } = await collect(invoke(prompt));
      expect(events).toHaveLength(1);
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(await ask(prompt)).toContain('This is turn 1');
      expect(await ask('[[fault what]]')).toContain('I do not know the fault “what”');
    });

    it('follows the queue in order, then replies as usual', async () => {
      sut.enqueue({ type: 'reply' }, { type: 'empty' });

      expect(await ask('One')).toContain('turn 1');
      expect(await ask('Two')).toBe('');
      expect(await ask('Three')).toContain('turn 2');
    });
  });
});
