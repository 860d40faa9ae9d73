import type { AgentTarget } from '../../src/config/agent-settings.js';
import { startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { startHarnessEmulator } from '../../src/local/emulator/harness/server.js';
import type { LoopbackServer } from '../../src/local/loopback-server.js';

export type AgentKind = AgentTarget['kind'];
export const AGENT_KINDS: readonly AgentKind[] = ['bedrock-agent', 'harness', 'converse'];

/** An emulated agent, and the variables that choose it. */
export interface LocalAgent {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an emulated agent. It remembers its sessions in memory. */
export async function startLocalAgent(kind: AgentKind): Promise<LocalAgent> {
  if (kind === 'harness') {
    const agent = await startHarnessEmulator();
    const AGENT_HARNESS_ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/local-AbCdEf1234';
    return toLocalAgent(agent, { AGENT_HARNESS_ARN, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agent.endpoint });
  }
  if (kind === 'converse') {
    const agent = await startConverseEmulator();
    const AGENT_MODEL_ID = 'local.model-v1:0';
    return toLocalAgent(agent, { AGENT_MODEL_ID, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: agent.endpoint });
  }
  const agent = await startBedrockAgentEmulator();
  const classic = { AGENT_ID: 'LOCALAGENT', AGENT_ALIAS_ID: 'LOCALALIAS' };
  return toLocalAgent(agent, { ...classic, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint });
}

function toLocalAgent(server: LoopbackServer, variables: LocalAgent['variables']): LocalAgent {
  return { variables, close: () => server.close() };
}
