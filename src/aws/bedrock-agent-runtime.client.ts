import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from '../config/environment.js';

/** Longest silence on a connection before it counts as dead; the turn's own deadline is usually shorter. */
const IDLE_MILLISECONDS = 120_000;
/** Every running turn holds a connection; by default the handler has 50, and the next turn would wait unseen. */
const CONNECTIONS = { maxSockets: 5_000, keepAlive: true };

/**
 * The agent's client, over HTTP/1.1: the SDK's default HTTP/2 transport ends a torn or aborted stream like a
 * finished answer. `maxAttempts: 1`, because a retry of the SDK runs the whole turn of the agent again.
 */
export function createBedrockAgentRuntimeClient(environment: Environment): BedrockAgentRuntimeClient {
  const endpoint = environment.AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME;
  return new BedrockAgentRuntimeClient({
    region: environment.AWS_REGION,
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      socketTimeout: IDLE_MILLISECONDS,
      httpAgent: CONNECTIONS,
      httpsAgent: CONNECTIONS,
    }),
  });
}
