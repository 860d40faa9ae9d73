import type { AgentTarget } from '../../src/config/agent-settings.js';
import { startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { startHarnessEmulator } from '../../src/local/emulator/harness/server.js';

export type AgentKind = AgentTarget['kind'];
export const AGENT_KINDS: readonly AgentKind[] = ['bedrock-agent', 'harness', 'converse'];

/** The variables that name an agent. One of them is set for an agent of your own. */
export const AGENT_VARIABLES = ['AGENT_ID', 'AGENT_HARNESS_ARN', 'AGENT_MODEL_ID'] as const;

/** An emulated agent, and the variables that choose it. */
export interface LocalAgent {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts an emulated agent. It remembers its sessions in memory. */
export async function startLocalAgent(kind: AgentKind): Promise<LocalAgent> {
  if (kind === 'harness') {
    const { endpoint, close } = await startHarnessEmulator();
    const AGENT_HARNESS_ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/local-AbCdEf1234';
    return { variables: { AGENT_HARNESS_ARN, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: endpoint }, close };
  }
  if (kind === 'converse') {
    const { endpoint, close } = await startConverseEmulator();
    return { variables: { AGENT_MODEL_ID: 'local.model-v1:0', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: endpoint }, close };
  }
  const { endpoint, close } = await startBedrockAgentEmulator();
  const classic = { AGENT_ID: 'LOCALAGENT', AGENT_ALIAS_ID: 'LOCALALIAS' };
  return { variables: { ...classic, AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: endpoint }, close };
}
