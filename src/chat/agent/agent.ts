import type { Citation } from '../model/chat.js';

/** One question to the agent. */
export interface AgentRequest {
  /** 33..100 characters of `[0-9a-zA-Z._:-]`, made by `agent-session.ts`, never by a caller. */
  readonly sessionId: string;
  readonly prompt: string;
  /** What was said before, oldest first, for a session that the agent does not know; empty for one that it does. */
  readonly history: readonly AgentExchange[];
}

/** A prompt and its answer; neither is empty. */
export interface AgentExchange {
  readonly prompt: string;
  readonly reply: string;
}

/** What an agent says, piece by piece and in order. A reply that ends without `end` is torn. */
export type AgentEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'end' };

/**
 * The port to whatever answers the prompts. There is one because AWS closed Bedrock Agents to new customers on
 * 2026-07-30: another provider is a class beside `bedrock-agent.provider.ts`, and nothing else changes.
 */
export abstract class AgentProvider {
  /**
   * Asks once and yields the answer as it comes.
   *
   * @param signal - aborts the call upstream; the iteration then throws whatever the signal's reason is.
   * @throws the errors of `agent.errors.ts` and no others.
   */
  abstract reply(request: AgentRequest, signal: AbortSignal): AsyncIterable<AgentEvent>;

  /**
   * Has the agent forget a session at once instead of after its idle time.
   *
   * @throws the errors of `agent.errors.ts` and no others.
   */
  abstract endSession(sessionId: string, signal: AbortSignal): Promise<void>;
}
