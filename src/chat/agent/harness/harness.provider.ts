import {
  BedrockAgentCoreClient,
  InvokeHarnessCommand,
  StopRuntimeSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import type { AgentSettings, HarnessTarget } from '../../../config/agent-settings.js';
import type { AgentMemory } from '../../model/turn.js';
import { type AgentEvent, AgentProvider, type AgentRequest } from '../agent.js';
import { toAgentName } from '../agent-session.js';
import { type AgentConnectionTimes, toAgentClientConfig } from '../aws/agent-connections.js';
import { toAgentError } from '../aws/aws-agent-errors.js';
import { callAgent } from '../aws/call-agent.js';
import { GivenUpSessions } from '../aws/given-up-sessions.js';
import { readMessages } from '../aws/message-stream.js';
import { toMessage, toMessages } from '../aws/messages.js';
import { toRuntimeSessionId } from './runtime-session.js';

/** The idle time and the greatest age of a session of AgentCore Runtime, in seconds, by default. */
const DEFAULT_TTL_SECONDS = 900;
const MAX_SESSION_SECONDS = 28_800;

/** Gets replies from a harness of Amazon Bedrock AgentCore, by its operation InvokeHarness. */
export class HarnessProvider extends AgentProvider {
  readonly memory: AgentMemory;
  private readonly givenUp = new GivenUpSessions((sessionId, signal) => this.stop(sessionId, signal));

  constructor(
    private readonly client: BedrockAgentCoreClient,
    private readonly target: HarnessTarget,
    ttlSeconds: number = DEFAULT_TTL_SECONDS,
  ) {
    super();
    const { harnessArn, qualifier } = target;
    this.memory = {
      agent: toAgentName('harness', harnessArn, ...(qualifier === undefined ? [] : [qualifier])),
      ownsUnnamedSessions: false,
      idleSeconds: ttlSeconds,
      // A harness with a memory of its own remembers longer. Only then does an operator set so long a time.
      maxSeconds: ttlSeconds > MAX_SESSION_SECONDS ? undefined : MAX_SESSION_SECONDS,
    };
  }

  static create(
    { region, sessionTtlSeconds }: AgentSettings,
    target: HarnessTarget,
    times?: AgentConnectionTimes,
  ): HarnessProvider {
    const config = toAgentClientConfig({ region, endpoint: target.endpoint, ...(times && { times }) });
    return new HarnessProvider(new BedrockAgentCoreClient(config), target, sessionTtlSeconds);
  }

  reply(request: AgentRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    return this.givenUp.follow(this.invoke(request, signal), request.sessionId, signal);
  }

  override async endSession(sessionId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.stop(sessionId, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // AgentCore has ended the session already.
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return;
      throw toAgentError(error);
    }
  }

  override async idle(): Promise<void> {
    await this.givenUp.idle();
  }

  override close(): void {
    this.client.destroy();
  }

  private async stop(sessionId: string, abortSignal: AbortSignal): Promise<void> {
    const { harnessArn, qualifier } = this.target;
    const runtimeSessionId = toRuntimeSessionId(sessionId);
    const command = new StopRuntimeSessionCommand({ agentRuntimeArn: harnessArn, qualifier, runtimeSessionId });
    await this.client.send(command, { abortSignal });
  }

  private invoke(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent> {
    return callAgent(signal, {
      send: async (abortSignal) => (await this.client.send(this.toCommand(request), { abortSignal })).stream,
      read: (stream) => readMessages(stream),
    });
  }

  /** Sends texts alone. A harness trusts its input: it would run a tool that a message calls. */
  private toCommand({ sessionId, prompt, history, actorId, deadline }: AgentRequest): InvokeHarnessCommand {
    const { harnessArn, qualifier } = this.target;
    return new InvokeHarnessCommand({
      harnessArn,
      qualifier,
      runtimeSessionId: toRuntimeSessionId(sessionId),
      actorId,
      messages: [...history.flatMap(toMessages), toMessage('user', prompt)],
      timeoutSeconds: Math.max(1, Math.ceil((deadline - Date.now()) / 1000)),
    });
  }
}
