import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  type Message,
} from '@aws-sdk/client-bedrock-runtime';
import type { AgentSettings, ConverseTarget } from '../../../config/agent-settings.js';
import type { AgentMemory } from '../../model/turn.js';
import { type AgentEvent, type AgentExchange, AgentProvider, type AgentRequest } from '../agent.js';
import { toAgentName } from '../agent-session.js';
import { AgentFailedError } from '../agent.errors.js';
import { type AgentConnectionTimes, toAgentClientConfig } from '../aws/agent-connections.js';
import { askAgain } from '../aws/ask-again.js';
import { toAgentError } from '../aws/aws-agent-errors.js';
import { readMessages } from '../aws/message-stream.js';
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

  async *reply(request: AgentRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    // Only an abort ends the call to the model, also when the caller leaves the loop early.
    const call = new AbortController();
    const callSignal = AbortSignal.any([signal, call.signal]);
    try {
      yield* readMessages(await this.converse(request, callSignal), toConverseCitation);
    } catch (error) {
      throw signal.aborted ? signal.reason : toAgentError(error);
    } finally {
      call.abort();
    }
  }

  /** A model has no sessions. */
  override async endSession(): Promise<void> {}

  override close(): void {
    this.client.destroy();
  }

  private async converse(
    request: AgentRequest,
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<ConverseStreamOutput>> {
    const { stream } = await askAgain(() => this.client.send(this.toCommand(request), { abortSignal }), abortSignal);
    if (!stream) throw new AgentFailedError();
    return stream;
  }

  private toCommand({ prompt, history, actorId }: AgentRequest): ConverseStreamCommand {
    const { modelId, systemPrompt, maxTokens, guardrail } = this.target;
    return new ConverseStreamCommand({
      modelId,
      messages: [...history.flatMap(toMessages), { role: 'user', content: [{ text: prompt }] }],
      ...(systemPrompt !== undefined && { system: [{ text: systemPrompt }] }),
      ...(maxTokens !== undefined && { inferenceConfig: { maxTokens } }),
      // Without a trace, which would hold the texts that the guardrail found.
      ...(guardrail && { guardrailConfig: { guardrailIdentifier: guardrail.id, guardrailVersion: guardrail.version } }),
      // Not for the model: the account's invocation logs can be filtered by it.
      requestMetadata: { actor: actorId },
    });
  }
}

function toMessages({ prompt, reply }: AgentExchange): Message[] {
  return [
    { role: 'user', content: [{ text: prompt }] },
    { role: 'assistant', content: [{ text: reply }] },
  ];
}
