import type { Citation, EndReason } from '../model/chat.js';
import type { AgentMemory } from '../model/turn.js';

/** One prompt for the agent. */
export interface AgentRequest {
  /** 33..100 characters of `[0-9a-zA-Z._:-]`, made by `agent-session.ts` and never by a caller. */
  readonly sessionId: string;
  readonly prompt: string;
  /** The conversation so far, oldest first. Empty unless the session is new to the agent. */
  readonly history: readonly AgentExchange[];
  /** The user, as a hash in hex. Long-term memories of agents are scoped by it. */
  readonly actorId: string;
  /** Epoch milliseconds by which the reply must have ended. */
  readonly deadline: number;
  /** The claims that AGENT_SESSION_CLAIMS names, by name. They are personal data and never logged. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A prompt and its reply. Neither is empty. */
export interface AgentExchange {
  readonly prompt: string;
  readonly reply: string;
}

/** A part of the agent's reply; parts come in order. A reply without `end` is torn. */
export type AgentEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }
  /** Tokens of one call to a model. A reply may have several; they add up. */
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  /** Files or images of the reply, which are not passed on. */
  | { readonly type: 'files'; readonly count: number }
  | { readonly type: 'end'; readonly reason: EndReason };

/**
 * The port to the agent that replies to prompts. `create-agent-provider.ts` chooses the provider. AWS closed Bedrock Agents to
 * new customers on 2026-07-30, so other providers must fit behind it.
 */
export abstract class AgentProvider {
  /** What the agent remembers between the turns of a session. */
  abstract readonly memory: AgentMemory;

  /**
   * Sends one prompt, and yields the reply as it comes.
   *
   * @param signal - its abort ends the call to the agent, and the iteration throws its reason.
   * @throws only the errors of `agent.errors.ts`.
   */
  abstract reply(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent>;

  /**
   * Ends a session at once, so that the agent does not remember it until its idle time has passed.
   *
   * @throws only the errors of `agent.errors.ts`, or the reason of the signal.
   */
  abstract endSession(sessionId: string, signal: AbortSignal): Promise<void>;

  /** Waits for what runs on after a reply: the end of a session that nobody reads any more. A few seconds at most. */
  async idle(): Promise<void> {}

  /** Closes the connections to the agent. */
  abstract close(): void;
}
