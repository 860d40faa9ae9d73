import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import type { AgentSettings, ConverseTarget } from '../../../config/agent-settings.js';
import type { AgentMemory } from '../../model/turn.js';
import { type AgentEvent, AgentProvider, type AgentRequest } from '../agent.js';
import { toAgentName } from '../agent-session.js';
import { type AgentConnectionTimes, toAgentClientConfig } from '../aws/agent-connections.js';
import { callAgent } from '../aws/call-agent.js';
import { readMessages } from '../aws/message-stream.js';
import { toMessage, toMessages } from '../aws/messages.js';
import { toConverseCitation } from './converse-citations.js';

/** Gets replies from a model of Amazon Bedrock, by its operation ConverseStream. The history goes with every turn. */
export class ConverseProvider extends AgentProvider {
  readonly memory: AgentMemory;

  constructor(
    private readonly client: BedrockRuntimeClient,
    private readonly target: ConverseTarget,
  ) {
    super();
    const agent = toAgentName('converse', target.modelId);
    this.memory = { agent, ownsUnnamedSessions: false, idleSeconds: 0 };
  }

  static create({ region }: AgentSettings, target: ConverseTarget, times?: AgentConnectionTimes): ConverseProvider {
    const config = toAgentClientConfig({ region, endpoint: target.endpoint, ...(times && { times }) });
    return new ConverseProvider(new BedrockRuntimeClient(config), target);
  }

  reply(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent> {
    return callAgent(signal, {
      send: async (abortSignal) => (await this.client.send(this.toCommand(request), { abortSignal })).stream,
      read: (stream) => readMessages(stream, toConverseCitation),
    });
  }

  /** A model has no sessions. */
  override async endSession(): Promise<void> {}

  override close(): void {
    this.client.destroy();
  }

  private toCommand({ prompt, history, actorId }: AgentRequest): ConverseStreamCommand {
    const { modelId, systemPrompt, maxTokens, guardrail } = this.target;
    return new ConverseStreamCommand({
      modelId,
      messages: [...history.flatMap(toMessages), toMessage('user', prompt)],
      ...(systemPrompt !== undefined && { system: [{ text: systemPrompt }] }),
      ...(maxTokens !== undefined && { inferenceConfig: { maxTokens } }),
      // Without a trace, which would hold the texts that the guardrail found.
      ...(guardrail && { guardrailConfig: { guardrailIdentifier: guardrail.id, guardrailVersion: guardrail.version } }),
      // Not for the model: the account's invocation logs can be filtered by it.
      requestMetadata: { actor: actorId },
    });
  }
}
