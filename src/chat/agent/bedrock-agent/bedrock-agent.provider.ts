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
import { Environment } from '../../../config/environment.js';
import { type AgentEvent, type AgentExchange, AgentProvider, type AgentRequest } from '../agent.js';
import { AgentFailedError } from '../agent.errors.js';
import { toAgentError, mayAskAgain } from './bedrock-agent-errors.js';
import { toCitations } from './bedrock-citations.js';

/** How often a turn is offered to an agent that refuses it before its first event, and how long to wait between. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MILLISECONDS = 250;

/** Answers from an agent of Amazon Bedrock Agents, by its InvokeAgent operation. */
@Injectable()
export class BedrockAgentProvider extends AgentProvider {
  constructor(
    private readonly client: BedrockAgentRuntimeClient,
    private readonly environment: Environment,
  ) {
    super();
  }

  async *reply(request: AgentRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    // Leaving the loop early does not end the call upstream; only an abort does.
    const call = new AbortController();
    const callSignal = AbortSignal.any([signal, call.signal]);
    try {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      let isEmpty = true;
      for await (const { chunk } of await this.invoke(request, callSignal)) {
        // Events of another kind (a trace, an event of a later API) say nothing to the caller.
        if (!chunk) continue;
        for (const event of eventsOf(chunk, decoder)) {
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
      const command = new InvokeAgentCommand({ ...this.agentOf(sessionId), inputText: 'end', endSession: true });
      const { completion } = await this.client.send(command, { abortSignal: signal });
      // The call is over when its stream is; what it says does not matter.
      for await (const _ of completion ?? []);
    } catch (error) {
      throw signal.aborted ? signal.reason : toAgentError(error);
    }
  }

  /** Asks, and asks again where the agent refused the turn before it ran. */
  private async invoke(request: AgentRequest, abortSignal: AbortSignal): Promise<AsyncIterable<ResponseStream>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.client.send(this.commandFor(request), { abortSignal });
        if (!response.completion) throw new AgentFailedError();
        return response.completion;
      } catch (error) {
        if (attempt === ATTEMPTS || abortSignal.aborted || !mayAskAgain(error)) throw error;
        // Half of the pause is random, so that callers refused together do not come back together.
        const pause = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1);
        await sleep(pause / 2 + (Math.random() * pause) / 2, undefined, { signal: abortSignal });
      }
    }
  }

  private agentOf(sessionId: string) {
    return { agentId: this.environment.AGENT_ID, agentAliasId: this.environment.AGENT_ALIAS_ID, sessionId };
  }

  private commandFor({ sessionId, prompt, history }: AgentRequest): InvokeAgentCommand {
    return new InvokeAgentCommand({
      ...this.agentOf(sessionId),
      inputText: prompt,
      ...(history.length > 0 && { sessionState: { conversationHistory: { messages: history.flatMap(messagesOf) } } }),
      // A trace holds the agent's system prompt.
      enableTrace: false,
      // Without it the whole answer comes as one chunk at the end.
      streamingConfigurations: { streamFinalResponse: true },
    });
  }
}

/** A chunk's text, whole characters only (the rest stays in the decoder), then its citations. */
function* eventsOf({ bytes, attribution }: PayloadPart, decoder: TextDecoder): Generator<AgentEvent> {
  const text = bytes ? decoder.decode(bytes, { stream: true }) : '';
  if (text) yield { type: 'text', text };
  for (const citation of toCitations(attribution)) yield { type: 'citation', citation };
}

function messagesOf({ prompt, reply: answer }: AgentExchange): Message[] {
  return [
    { role: 'user', content: [{ text: prompt }] },
    { role: 'assistant', content: [{ text: answer }] },
  ];
}
