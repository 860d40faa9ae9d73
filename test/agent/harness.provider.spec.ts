import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentRequest } from '../../src/chat/agent/agent.js';
import { AgentTimeoutError } from '../../src/chat/agent/agent.errors.js';
import { toActorId, toAgentSessionId } from '../../src/chat/agent/agent-session.js';
import type { AgentConnectionTimes } from '../../src/chat/agent/aws/agent-connections.js';
import { createAgentProvider } from '../../src/chat/agent/create-agent-provider.js';
import { HarnessProvider } from '../../src/chat/agent/harness/harness.provider.js';
import type { AgentSettings, HarnessTarget } from '../../src/config/agent-settings.js';
import { type HarnessEmulator, startHarnessEmulator } from '../../src/local/emulator/harness/server.js';
import { toSettings } from '../support/agent-providers.js';

const ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/tests-a1b2c3d4e5';
const NO_ABORT = new AbortController().signal;
const USER_ID = 'us-east-1:a-raw-user-id';

const toRequest = (request: Partial<AgentRequest> = {}): AgentRequest => ({
  sessionId: toAgentSessionId(USER_ID, 'chat', 'lease'),
  prompt: 'hello',
  history: [],
  actorId: toActorId(USER_ID),
  deadline: Date.now() + 60_000,
  attributes: {},
  ...request,
});

describe('HarnessProvider', () => {
  let agent: HarnessEmulator;
  let sut: HarnessProvider;
  /** What AgentCore waits for before it stops a session. */
  let beforeStop: Promise<void> | undefined;

  const getSettings = (variables: Record<string, string> = {}): AgentSettings =>
    toSettings({ AGENT_HARNESS_ARN: ARN, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agent.endpoint, ...variables });
  function connect(variables: Record<string, string> = {}, times?: AgentConnectionTimes): HarnessProvider {
    const settings = getSettings(variables);
    return HarnessProvider.create(settings, settings.target as HarnessTarget, times);
  }

  beforeEach(async () => {
    beforeStop = undefined;
    agent = await startHarnessEmulator({ beforeStop: async () => beforeStop });
    sut = connect();
  });
  afterEach(async () => {
    sut.close();
    await agent.close();
  });

  async function ask(request: Partial<AgentRequest> = {}, signal = NO_ABORT): Promise<void> {
    for await (const _ of sut.reply(toRequest(request), signal));
  }

  it('is the provider for the ARN of a harness', async () => {
    const provider = await createAgentProvider(getSettings());
    expect(provider).toBeInstanceOf(HarnessProvider);
    provider.close();
  });

  it('invokes the default endpoint of the harness, with nothing that changes the harness', async () => {
    const { sessionId, actorId } = toRequest();
    await ask();
    expect(agent.invocations).toEqual([
      {
        harnessArn: ARN,
        qualifier: 'DEFAULT',
        sessionId: `s${sessionId}`,
        prompt: 'hello',
        actorId,
        timeoutSeconds: 60,
        members: ['actorId', 'messages', 'timeoutSeconds'],
        outcome: 'replied',
      },
    ]);
    expect(agent.stops).toEqual([]);
  });

  it('invokes the endpoint of the settings, and stops the sessions there', async () => {
    sut.close();
    sut = connect({ AGENT_QUALIFIER: 'prod' });
    await ask();
    await sut.endSession(toRequest().sessionId, NO_ABORT);
    expect(agent.invocations[0]).toMatchObject({ qualifier: 'prod' });
    expect(agent.stops).toEqual([{ harnessArn: ARN, qualifier: 'prod', sessionId: `s${toRequest().sessionId}` }]);
  });

  it.each([
    [1_500, 2],
    [-5_000, 1],
  ])('limits the time of the agent to the whole seconds of the deadline: %i ms', async (milliseconds, seconds) => {
    await ask({ deadline: Date.now() + milliseconds });
    expect(agent.invocations[0]?.timeoutSeconds).toBe(seconds);
  });

  describe('stops the session', () => {
    async function getStops(): Promise<string[]> {
      await sut.idle();
      return agent.stops.map(({ sessionId }) => sessionId);
    }
    const expected = [`s${toRequest().sessionId}`];

    it.each([0, 1])('after an abort: silence after %i chunks', async (afterChunks) => {
      agent.enqueue({ type: 'silence', afterChunks });
      const caller = new AbortController();
      const reason = new AgentTimeoutError();
      setTimeout(() => caller.abort(reason), 100);
      await expect(ask({}, caller.signal)).rejects.toBe(reason);
      expect(await getStops()).toEqual(expected);
    });

    it('after a silence that was too long', async () => {
      sut.close();
      sut = connect({}, { silence: 200, unused: 15_000 });
      agent.enqueue({ type: 'silence' });
      await expect(ask()).rejects.toBeInstanceOf(AgentTimeoutError);
      expect(await getStops()).toEqual(expected);
    });

    it('after the iteration was left early', async () => {
      agent.enqueue({ type: 'silence', afterChunks: 2 });
      for await (const _ of sut.reply(toRequest(), NO_ABORT)) break;
      expect(await getStops()).toEqual(expected);
    });

    it('in the background: nobody who reads the reply waits for it', async () => {
      let release = () => {};
      beforeStop = new Promise((resolve) => (release = resolve));
      agent.enqueue({ type: 'silence', afterChunks: 2 });
      for await (const _ of sut.reply(toRequest(), NO_ABORT)) break;
      const stops = getStops();
      expect(agent.stops).toEqual([]);
      release();
      expect(await stops).toEqual(expected);
    });

    it('not after a reply that was read to its end, nor after a failure', async () => {
      for await (const event of sut.reply(toRequest(), NO_ABORT)) if (event.type === 'end') break;
      agent.enqueue({ type: 'torn' });
      await expect(ask()).rejects.toThrow();
      expect(await getStops()).toEqual([]);
    });
  });

  it.each([
    [undefined, 900, 28_800],
    ['28800', 28_800, 28_800],
    ['28801', 28_801, undefined],
    ['31536000', 31_536_000, undefined],
  ])('remembers sessions by the idle time of the settings: %s', (ttl, idleSeconds, maxSeconds) => {
    sut.close();
    sut = connect(ttl === undefined ? {} : { AGENT_SESSION_TTL_SECONDS: ttl });
    expect(sut.memory).toMatchObject({ idleSeconds, maxSeconds, ownsUnnamedSessions: false });
  });

  it('sends no user id in any request, and different sessions and actors for two users of one chat id', async () => {
    const sent: string[] = [];
    const client = new BedrockAgentCoreClient({
      region: 'us-east-1',
      maxAttempts: 1,
      requestHandler: {
        handle: (request: { path: string; query: object; headers: object; body: Uint8Array }) => {
          const { path, query, headers, body } = request;
          sent.push(decodeURIComponent(JSON.stringify([path, query, headers])) + new TextDecoder().decode(body));
          return Promise.reject(new Error('recorded'));
        },
      },
    });
    const provider = new HarnessProvider(client, getSettings().target as HarnessTarget);
    const users = [USER_ID, 'another-raw-user-id'];
    const requests = users.map((user) =>
      toRequest({ sessionId: toAgentSessionId(user, 'chat', 'lease'), actorId: toActorId(user) }),
    );
    for (const request of requests) {
      await expect(provider.reply(request, NO_ABORT).next()).rejects.toThrow();
      await expect(provider.endSession(request.sessionId, NO_ABORT)).rejects.toThrow();
    }
    expect(sent).toHaveLength(4);
    for (const [index, { sessionId, actorId }] of requests.entries()) {
      for (const text of sent.slice(index * 2, index * 2 + 2)) expect(text).toContain(sessionId);
      expect(sent[index * 2]).toContain(actorId);
      for (const user of users) expect(sent.join('\n')).not.toContain(user);
    }
    expect(new Set(requests.flatMap(({ sessionId, actorId }) => [sessionId, actorId])).size).toBe(4);
    provider.close();
  });
});
