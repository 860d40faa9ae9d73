import { setTimeout as sleep } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import {
  BedrockAgentRuntimeClient,
  InvokeAgentCommand,
  type Message,
  type PayloadPart,
  type ResponseStream,
} from '@aws-sdk/client-bedrock-agent-runtime';
import { Injectable } from '@nestjs/common';
import { AgentSettings } from '../../../config/settings.js';
import { type AgentEvent, type AgentExchange, AgentProvider, type AgentRequest } from '../agent.js';
import { AgentFailedError } from '../agent.errors.js';
import { isRefusal, toAgentError } from './bedrock-agent-errors.js';
import { toCitations } from './bedrock-citations.js';

/** How often a turn is sent to an agent that refuses it, and the pause after the first refusal. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MILLISECONDS = 250;

/** Gets replies from Amazon Bedrock Agents, by its operation InvokeAgent. */
@Injectable()
export class BedrockAgentProvider extends AgentProvider {
  constructor(
    private readonly client: BedrockAgentRuntimeClient,
    private readonly settings: AgentSettings,
  ) {
    super();
  }

  async *reply(request: AgentRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    // If the caller leaves the loop early, only an abort ends the call to the agent.
    const call = new AbortController();
    const callSignal = AbortSignal.any([signal, call.signal]);
    try {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      let isEmpty = true;
      for await (const { chunk } of await this.invoke(request, callSignal)) {
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
      yield { type: 'end' };
    } catch (error) {
      throw signal.aborted ? signal.reason : toAgentError(error);
    } finally {
      call.abort();
    }
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

  /** Sends the turn, and sends it again if the agent refused it before it ran. */
  private async invoke(request: AgentRequest, abortSignal: AbortSignal): Promise<AsyncIterable<ResponseStream>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { completion } = await this.client.send(this.toCommand(request), { abortSignal });
        if (!completion) throw new AgentFailedError();
        return completion;
      } catch (error) {
        if (attempt === ATTEMPTS || abortSignal.aborted || !isRefusal(error)) throw error;
        // Half of the pause is random, so that turns that were refused together are not sent together again.
        const pause = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1);
        await sleep(pause / 2 + (Math.random() * pause) / 2, undefined, { signal: abortSignal });
      }
    }
  }

  private toCommand({ sessionId, prompt, history }: AgentRequest): InvokeAgentCommand {
    return new InvokeAgentCommand({
      ...this.toTarget(sessionId),
      inputText: prompt,
      ...(history.length > 0 && { sessionState: { conversationHistory: { messages: history.flatMap(toMessages) } } }),
      // A trace would hold the agent's system prompt.
      enableTrace: false,
      // Otherwise the whole reply comes as one chunk at the end.
      streamingConfigurations: { streamFinalResponse: true },
    });
  }

  private toTarget(sessionId: string) {
    return { agentId: this.settings.agentId, agentAliasId: this.settings.agentAliasId, sessionId };
  }
}

/** A chunk's text, then its citations. Bytes of an unfinished character stay in the decoder. */
function* toEvents({ bytes, attribution }: PayloadPart, decoder: TextDecoder): Generator<AgentEvent> {
  const text = bytes ? decoder.decode(bytes, { stream: true }) : '';
  if (text) yield { type: 'text', text };
  for (const citation of toCitations(attribution)) yield { type: 'citation', citation };
}

function toMessages({ prompt, reply }: AgentExchange): Message[] {
  return [
    { role: 'user', content: [{ text: prompt }] },
    { role: 'assistant', content: [{ text: reply }] },
  ];
}
