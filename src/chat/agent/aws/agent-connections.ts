import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Time limits of the connections to an agent, in milliseconds. */
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

/** Where an agent is called, and how. */
export interface AgentClientOptions {
  readonly region: string;
  /** The URL of another service. */
  readonly endpoint?: string | undefined;
  readonly times?: AgentConnectionTimes;
}

/**
 * The configuration of an SDK client that calls an agent, over HTTP/1.1. With HTTP/2, which some clients use by default,
 * a torn stream looks like a complete reply. `maxAttempts` is 1, because a retry by the SDK would run the whole turn again.
 */
export function toAgentClientConfig({ region, endpoint, times = TIMES }: AgentClientOptions) {
  // Each running turn holds a connection. With the default of 50, further turns would wait without a log line.
  // Node's `timeout` ends unused connections only, because the handler sets its own for the others.
  const connections = { maxSockets: 5_000, keepAlive: true, timeout: times.unused };
  return {
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      socketTimeout: times.silence,
      httpAgent: connections,
      httpsAgent: connections,
    }),
  };
}
