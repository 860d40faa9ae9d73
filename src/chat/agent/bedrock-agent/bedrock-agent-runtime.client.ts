import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from '../../../config/environment.js';

/** Times of the connections to the agent, in milliseconds. */
export interface AgentConnectionTimes {
  /** Longest silence inside a turn before it counts as lost; the turn's own deadline is usually shorter. */
  readonly silence: number;
  /**
   * How long a connection without a turn is kept. Whatever stands in between drops it some time without a word, and
   * a function is frozen between its events; a turn that is sent into a dead connection has failed, because it may not be
   * sent again.
   */
  readonly unused: number;
}

const TIMES: AgentConnectionTimes = { silence: 120_000, unused: 15_000 };

/**
 * The agent's client, over HTTP/1.1: the SDK's default HTTP/2 transport ends a torn or aborted stream like a
 * finished answer. `maxAttempts: 1`, because a retry of the SDK runs the whole turn of the agent again.
 */
export function createBedrockAgentRuntimeClient(
  environment: Environment,
  times: AgentConnectionTimes = TIMES,
): BedrockAgentRuntimeClient {
  const endpoint = environment.AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME;
  // Every running turn holds a connection; by default the handler has 50, and the next turn would wait unseen. What
  // Node calls the time-out of an agent ends connections without a request only; of others the handler sets its own.
  const connections = { maxSockets: 5_000, keepAlive: true, timeout: times.unused };
  return new BedrockAgentRuntimeClient({
    region: environment.AWS_REGION,
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      socketTimeout: times.silence,
      httpAgent: connections,
      httpsAgent: connections,
    }),
  });
}
