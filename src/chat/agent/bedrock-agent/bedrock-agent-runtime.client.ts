import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AgentSettings } from '../../../config/settings.js';

/** Time limits of the connections to the agent, in milliseconds. */
export interface AgentConnectionTimes {
  /** Longest silence during a turn. The turn's own deadline is usually shorter. */
  readonly silence: number;
  /**
   * How long an unused connection is kept. Gateways drop unused connections silently, and Lambda freezes the process
   * between events. A turn sent over a dead connection fails, because it must not be sent twice.
   */
  readonly unused: number;
}

const TIMES: AgentConnectionTimes = { silence: 120_000, unused: 15_000 };

/**
 * Creates the agent's client, over HTTP/1.1. With the SDK's default HTTP/2 transport, a torn stream looks like a
 * complete reply. `maxAttempts` is 1, because a retry by the SDK would run the whole turn again.
 */
export function createBedrockAgentRuntimeClient(
  { region, endpoint }: AgentSettings,
  times: AgentConnectionTimes = TIMES,
): BedrockAgentRuntimeClient {
  // Each running turn holds a connection. With the default of 50, further turns would wait without a log line.
  // Node's `timeout` ends unused connections only, because the handler sets its own for the others.
  const connections = { maxSockets: 5_000, keepAlive: true, timeout: times.unused };
  return new BedrockAgentRuntimeClient({
    region,
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
