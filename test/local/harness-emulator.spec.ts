import {
  BedrockAgentCoreClient,
  InvokeHarnessCommand,
  type InvokeHarnessCommandInput,
  type InvokeHarnessStreamOutput,
  StopRuntimeSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HarnessEmulator, startHarnessEmulator } from '../../src/local/emulator/harness/server.js';

const ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/tests-a1b2c3d4e5';
const SESSION = 'a'.repeat(33);
const text = (words: string, role: 'user' | 'assistant' = 'user') => ({ role, content: [{ text: words }] });

/** Reads all events. Returns them and the error that ended them, if any. */
async function collect(events: AsyncIterable<InvokeHarnessStreamOutput>) {
  const seen: InvokeHarnessStreamOutput[] = [];
  try {
    for await (const event of events) seen.push(event);
    return { events: seen };
  } catch (error) {
    return { events: seen, error: error as Error };
  }
}
const toText = (events: readonly InvokeHarnessStreamOutput[]) =>
  events.map(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? '').join('');
const toNames = (events: readonly InvokeHarnessStreamOutput[]) => events.flatMap((event) => Object.keys(event));

describe('startHarnessEmulator', () => {
  let now: number;
  let sut: HarnessEmulator;
  let client: BedrockAgentCoreClient;

  beforeEach(async () => {
    now = Date.parse('2024-01-01T12:00:00Z');
    sut = await startHarnessEmulator({ now: () => now });
    client = new BedrockAgentCoreClient({ endpoint: sut.endpoint, region: 'us-east-1', maxAttempts: 1 });
  });
  afterEach(async () => {
    client.destroy();
    await sut.close();
  });

  async function* invoke(prompt: string, input: Partial<InvokeHarnessCommandInput> = {}) {
    const command = new InvokeHarnessCommand({
      harnessArn: ARN,
      runtimeSessionId: SESSION,
      messages: [text(prompt)],
      ...input,
    });
    const { stream } = await client.send(command);
    yield* stream as AsyncIterable<InvokeHarnessStreamOutput>;
  }
  async function ask(prompt: string, input: Partial<InvokeHarnessCommandInput> = {}): Promise<string> {
    const { events, error } = await collect(invoke(prompt, input));
    if (error) throw error;
    return toText(events);
  }
  const stop = (sessionId: string, agentRuntimeArn = ARN) =>
    client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId }));

  it('replies with a message, its stop and its usage', async () => {
    const { events } = await collect(invoke('Grüße aus Köln'));
    expect(toText(events)).toMatch(/^You said “Grüße aus Köln”\..*This is turn 1; you began with “Grüße aus Köln”\.$/s);
    const names = toNames(events);
    expect([names[0], ...names.slice(-4)]).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(events.at(-1)?.metadata?.usage).toMatchObject({ inputTokens: 5, outputTokens: expect.any(Number) });
  });

  it('records invocations, also without an actor', async () => {
    await ask('One', { messages: [text('Hi'), text('Hello', 'assistant'), text('One')] });
    await ask('Two', { qualifier: 'prod', actorId: 'ada', timeoutSeconds: 9, maxTokens: 5 });
    const call = { harnessArn: ARN, sessionId: SESSION, outcome: 'replied' };
    expect(sut.invocations).toEqual([
      {
        ...call,
        qualifier: 'DEFAULT',
        prompt: 'One',
        members: ['messages'],
        conversationHistory: [
          { role: 'user', text: 'Hi' },
          { role: 'assistant', text: 'Hello' },
        ],
      },
      {
        ...call,
        qualifier: 'prod',
        prompt: 'Two',
        actorId: 'ada',
        timeoutSeconds: 9,
        members: ['actorId', 'maxTokens', 'messages', 'timeoutSeconds'],
      },
    ]);
  });

  it('remembers a session until it is idle, too old or stopped', async () => {
    await ask('I like trams');
    now += 899_999;
    expect(await ask('And now?')).toContain('This is turn 2; you began with “I like trams”');
    now += 900_000;
    expect(await ask('And now?')).toContain('This is turn 1');
    await stop(SESSION);
    expect(await ask('And now?')).toContain('This is turn 1');
    for (let turn = 2; turn < 34; turn += 1) {
      now += 899_000;
      expect(await ask('And now?')).toContain(`This is turn ${turn};`);
    }
    now += 899_000;
    expect(await ask('And now?')).toContain('This is turn 1;');
  });

  it('stops sessions that have run, and no other', async () => {
    await collect(invoke('Hi [[fault torn]]'));
    await expect(stop(SESSION)).resolves.toMatchObject({ runtimeSessionId: SESSION });
    await expect(stop(SESSION)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(stop('short')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(stop(SESSION, 'arn:aws:s3:::bucket')).rejects.toMatchObject({ name: 'ValidationException' });
    expect(sut.stops.map(({ sessionId }) => sessionId)).toEqual([SESSION, SESSION]);
  });

  it.each<readonly [string, Partial<InvokeHarnessCommandInput>]>([
    ['a session id that is short', { runtimeSessionId: 'a'.repeat(32) }],
    ['a session id that begins with -', { runtimeSessionId: `-${SESSION}` }],
    ['a session id with a dot', { runtimeSessionId: `${SESSION}.` }],
    ['another ARN', { harnessArn: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/a-a1b2c3d4e5' }],
    ['a qualifier with a slash', { qualifier: 'a/b' }],
    ['no messages', { messages: [] }],
    ['an empty text', { messages: [text('')] }],
    ['an empty text of the history', { messages: [text(''), text('Hello', 'assistant'), text('Hi')] }],
    ['a message without content', { messages: [{ role: 'user', content: [] }] }],
    ['a last message of the assistant', { messages: [text('Hi'), text('Hello', 'assistant')] }],
    ['an actor with a space', { actorId: 'a b' }],
    ['no time', { timeoutSeconds: 0 }],
  ])('refuses %s', async (_name, input) => {
    await expect(ask('Hi', input)).rejects.toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(sut.invocations).toEqual([]);
  });

  it('refuses other routes', async () => {
    expect((await fetch(`${sut.endpoint}/harnesses/invoke`)).status).toBe(404);
    expect((await fetch(`${sut.endpoint}/agents`, { method: 'POST' })).status).toBe(404);
  });

  describe('with a directive', () => {
    it('sends several messages for rounds of tools', async () => {
      const { events } = await collect(invoke('Hi [[fault tool-rounds rounds=2]]'));
      const stops = events.flatMap(({ messageStop }) => messageStop?.stopReason ?? []);
      expect(stops).toEqual(['tool_use', 'tool_result', 'tool_use', 'tool_result', 'end_turn']);
      expect(toNames(events).filter((name) => name === 'metadata')).toHaveLength(3);
      expect(await ask('And now?')).toContain('This is turn 2');
    });

    it('stops for the given reason, also before the end', async () => {
      const whole = await collect(invoke('Hi [[fault stop-reason reason=interrupted]]'));
      const short = await collect(invoke('Hi [[fault stop-reason reason=max_tokens after=1]]'));
      const getReason = ({ events }: typeof whole) =>
        events.find((event) => event.messageStop)?.messageStop?.stopReason;
      expect([getReason(whole), getReason(short)]).toEqual(['interrupted', 'max_tokens']);
      expect(toText(whole.events)).toContain('This is turn 1');
      expect(toNames(short.events).filter((name) => name === 'contentBlockDelta')).toHaveLength(1);
    });

    it.each(['RuntimeClientError', 'InternalServerException'])('sends %s as an event', async (exception) => {
      const { events, error } = await collect(invoke(`Hi [[fault exception-event exception=${exception} after=1]]`));
      expect(error).toBeUndefined();
      expect(toNames(events)).toEqual([
        'messageStart',
        'contentBlockDelta',
        exception.charAt(0).toLowerCase() + exception.slice(1),
      ]);
    });

    it('sends an exception inside the stream', async () => {
      const { events, error } = await collect(invoke('Hi [[fault stream-exception exception=RuntimeClientError]]'));
      expect(toNames(events)).toEqual(['messageStart', 'contentBlockDelta']);
      expect(error?.name).toBe('RuntimeClientError');
    });

    it('splits surrogate pairs', async () => {
      const { events } = await collect(invoke('👍 [[fault split-surrogates]]'));
      const texts = events.flatMap(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? []);
      expect(texts.filter((words) => !words.isWellFormed()).length).toBeGreaterThan(3);
      expect(texts.join('')).toMatch(/^👋 You said “👍/);
    });

    it('ends without a stop', async () => {
      const { events } = await collect(invoke('Hi [[fault no-stop]]'));
      expect(toNames(events).at(-1)).toBe('contentBlockStop');
    });

    it.each([402, 409, 424, 504])('sends the status %d with HTML, which the SDK cannot parse', async (status) => {
      await expect(ask(`Hi [[fault html-error status=${status}]]`)).rejects.toMatchObject({
        name: 'SyntaxError',
        $metadata: { httpStatusCode: status },
      });
    });

    it('calls a function of the caller', async () => {
      const { events } = await collect(invoke('Hi [[fault return-control]]'));
      expect(events.find((event) => event.messageStop)?.messageStop?.stopReason).toBe('tool_use');
    });
  });
});
