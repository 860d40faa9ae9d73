import { TextDecoder } from 'node:util';
import {
  BedrockAgentRuntimeClient,
  InvokeAgentCommand,
  type PayloadPart,
  type ResponseStream,
} from '@aws-sdk/client-bedrock-agent-runtime';
import type { AgentSettings, BedrockAgentTarget } from '../../../config/agent-settings.js';
import type { AgentMemory } from '../../model/turn.js';
import { type AgentEvent, AgentProvider, type AgentRequest } from '../agent.js';
import { toAgentName } from '../agent-session.js';
import { AgentFailedError } from '../agent.errors.js';
import { type AgentConnectionTimes, toAgentClientConfig } from '../aws/agent-connections.js';
import { toAgentError } from '../aws/aws-agent-errors.js';
import { callAgent } from '../aws/call-agent.js';
import { GivenUpSessions } from '../aws/given-up-sessions.js';
import { toMessages } from '../aws/messages.js';
import { toCitations } from './bedrock-citations.js';

/** The idle session timeout of a new Bedrock agent, in seconds. */
const DEFAULT_TTL_SECONDS = 600;

/** Gets replies from Amazon Bedrock Agents, by its operation InvokeAgent. */
export class BedrockAgentProvider extends AgentProvider {
  readonly memory: AgentMemory;
  private readonly givenUp = new GivenUpSessions((sessionId, signal) => this.endSession(sessionId, signal));

  constructor(
    private readonly client: BedrockAgentRuntimeClient,
    private readonly target: BedrockAgentTarget,
    ttlSeconds: number = DEFAULT_TTL_SECONDS,
  ) {
    super();
    const agent = toAgentName('bedrock-agent', target.agentId, target.agentAliasId);
    this.memory = { agent, ownsUnnamedSessions: true, idleSeconds: ttlSeconds };
  }

  static create(
    { region, sessionTtlSeconds }: AgentSettings,
    target: BedrockAgentTarget,
    times?: AgentConnectionTimes,
  ): BedrockAgentProvider {
    const config = toAgentClientConfig({ region, endpoint: target.endpoint, ...(times && { times }) });
    return new BedrockAgentProvider(new BedrockAgentRuntimeClient(config), target, sessionTtlSeconds);
  }

  reply(request: AgentRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    const events = callAgent(signal, {
      send: async (abortSignal) => (await this.client.send(this.toCommand(request), { abortSignal })).completion,
      read: (stream) => this.readChunks(stream),
    });
    return this.givenUp.follow(events, request.sessionId, signal);
  }

  override async endSession(sessionId: string, signal: AbortSignal): Promise<void> {
    try {
      const command = new InvokeAgentCommand({ ...this.toTarget(sessionId), inputText: 'end', endSession: true });
      const { completion } = await this.client.send(command, { abortSignal: signal });
      // The call has ended when its stream has. The content does not matter.
      for await (const _ of completion ?? []);
    } catch (error) {
      throw signal.aborted ? signal.reason : toAgentError(error);
    }
  }

  override async idle(): Promise<void> {
    await this.givenUp.idle();
  }

  override close(): void {
    this.client.destroy();
  }

  private toCommand({ sessionId, prompt, history, attributes }: AgentRequest): InvokeAgentCommand {
    const sessionState = {
      ...(Object.keys(attributes).length > 0 && { sessionAttributes: { ...attributes } }),
      ...(history.length > 0 && { conversationHistory: { messages: history.flatMap(toMessages) } }),
    };
    return new InvokeAgentCommand({
      ...this.toTarget(sessionId),
      inputText: prompt,
      ...(Object.keys(sessionState).length > 0 && { sessionState }),
      // A trace would hold the agent's system prompt.
      enableTrace: false,
      // Otherwise the whole reply comes as one chunk at the end.
      streamingConfigurations: { streamFinalResponse: true },
    });
  }

  private toTarget(sessionId: string) {
    const { agentId, agentAliasId } = this.target;
    return { agentId, agentAliasId, sessionId };
  }

  private async *readChunks(stream: AsyncIterable<ResponseStream>): AsyncGenerator<AgentEvent> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let isEmpty = true;
    for await (const { chunk, files } of stream) {
      if (files?.files?.length) yield { type: 'files', count: files.files.length };
      // Other events, such as traces, have no chunk.
      if (!chunk) continue;
      for (const event of toEvents(chunk, decoder)) {
        isEmpty &&= event.type !== 'text';
        yield event;
      }
    }
    const rest = decoder.decode();
    if (rest) yield { type: 'text', text: rest };
    if (isEmpty && !rest) throw new AgentFailedError();
    yield { type: 'end', reason: 'stop' };
  }
}

/** A chunk's text, then its citations. Bytes of an unfinished character stay in the decoder. */
function* toEvents({ bytes, attribution }: PayloadPart, decoder: TextDecoder): Generator<AgentEvent> {
  const text = bytes ? decoder.decode(bytes, { stream: true }) : '';
  if (text) yield { type: 'text', text };
  for (const citation of toCitations(attribution)) yield { type: 'citation', citation };
}
