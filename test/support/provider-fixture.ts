import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach } from '@jest/globals';
import type { AgentEvent, AgentProvider, AgentRequest } from '../../src/chat/agent/agent.js';
import type { AgentConnectionTimes } from '../../src/chat/agent/aws/agent-connections.js';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { type ProviderUnderTest, toSettings } from './agent-providers.js';

export const NO_ABORT = new AbortController().signal;

/** A request to a provider. */
export const toRequest = (request: Partial<AgentRequest> = {}): AgentRequest => ({
  // Begins like one in 32 of the ids.
  sessionId: '-a-session-of-at-least-33-characters',
  prompt: 'hello',
  history: [],
  actorId: 'a'.repeat(64),
  deadline: Date.now() + 60_000,
  attributes: {},
  ...request,
});

export const joinTexts = (events: readonly AgentEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

/** A provider and its emulator, new for each test. */
export class ProviderFixture {
  agent!: AgentEmulator;
  sut!: AgentProvider;
  private now = Date.now();

  constructor(private readonly provider: ProviderUnderTest) {}

  /** The calls for a turn that the agent has got. */
  get turns(): AgentEmulator['invocations'] {
    return this.agent.invocations.filter((call) => !isEndOfSession(call));
  }

  /** The sessions that were ended by a call to the agent. */
  get endedSessions(): string[] {
    const calls = 'stops' in this.agent ? this.agent.stops : this.agent.invocations.filter(isEndOfSession);
    return (calls as readonly { sessionId: string }[]).map(({ sessionId }) => sessionId);
  }

  async start(): Promise<void> {
    this.now = Date.now();
    this.agent = await this.provider.startEmulator({ now: () => this.now });
    this.sut = this.create();
  }

  async close(): Promise<void> {
    this.sut.close();
    await this.agent.close();
  }

  /** Creates a provider with other settings. */
  create(variables: Readonly<Record<string, string>> = {}, times?: AgentConnectionTimes): AgentProvider {
    const { variables: own, endpointVariable } = this.provider;
    const chosen = { [endpointVariable]: this.agent.endpoint, ...own, ...variables };
    return this.provider.create(toSettings(chosen), times);
  }

  /** Replaces the provider by one with other time limits. */
  reconnect(times: AgentConnectionTimes): void {
    this.sut.close();
    this.sut = this.create({}, times);
  }

  /** Advances the clock of the agent. */
  passTime(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Reads a whole reply. */
  async collect(request: Partial<AgentRequest> = {}, signal = NO_ABORT): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for await (const event of this.sut.reply(toRequest(request), signal)) events.push(event);
    return events;
  }

  /** Reads the text of a whole reply. */
  async ask(request: Partial<AgentRequest> = {}): Promise<string> {
    return joinTexts(await this.collect(request));
  }

  /** Reads a reply that fails. */
  async collectFailure(signal = NO_ABORT): Promise<{ events: AgentEvent[]; error: unknown }> {
    const events: AgentEvent[] = [];
    try {
      for await (const event of this.sut.reply(toRequest(), signal)) events.push(event);
    } catch (error) {
      return { events, error };
    }
    throw new Error('The reply did not fail');
  }

  /** Waits until the agent has ended the first call or has noticed that the caller left. */
  async waitForOutcome(): Promise<string | undefined> {
    while (this.agent.invocations[0]?.outcome === 'running') await wait(5);
    return this.agent.invocations[0]?.outcome;
  }
}

/** Starts a fixture for each test of a block. */
/** Bedrock Agents end a session by a call that looks like a turn. */
function isEndOfSession(call: object): boolean {
  return 'endSession' in call && call.endSession === true;
}

export function useProvider(provider: ProviderUnderTest): ProviderFixture {
  const fixture = new ProviderFixture(provider);
  beforeEach(() => fixture.start());
  afterEach(() => fixture.close());
  return fixture;
}
