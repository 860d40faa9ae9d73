import type { AgentProvider } from '../../src/chat/agent/agent.js';
import type { AgentConnectionTimes } from '../../src/chat/agent/aws/agent-connections.js';
import { BedrockAgentProvider } from '../../src/chat/agent/bedrock-agent/bedrock-agent.provider.js';
import { ConverseProvider } from '../../src/chat/agent/converse/converse.provider.js';
import { HarnessProvider } from '../../src/chat/agent/harness/harness.provider.js';
import { AgentSettings } from '../../src/config/agent-settings.js';
import { loadEnvironment } from '../../src/config/environment.js';
import type { AgentEmulator, AgentEmulatorOptions } from '../../src/local/emulator/agent-server.js';
import { startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { startHarnessEmulator } from '../../src/local/emulator/harness/server.js';
import type { AgentName } from './fault-rows.js';

type Variables = Readonly<Record<string, string>>;

/** A provider with its emulator, for the cases that all providers must pass. */
export interface ProviderUnderTest {
  readonly name: AgentName;
  /** The variables that choose the agent. */
  readonly variables: Variables;
  /** Variables that choose another agent, and another version of the same agent. */
  readonly others: readonly Variables[];
  /** Variables that choose an agent in the region eu-west-1 by its ARN. */
  readonly elsewhere: readonly Variables[];
  /** The region of the ARN in `variables`; undefined if they name none. */
  readonly ownRegion?: string;
  /** The variable for the emulator's endpoint. */
  readonly endpointVariable: string;
  /** Whether the agent remembers sessions, and for how long at most in seconds. */
  readonly memory: { readonly idleSeconds: number; readonly maxSeconds?: number } | undefined;
  /** Whether the replies are streams of messages, with stop reasons and usage. */
  readonly hasMessages: boolean;
  /** What the service takes of the user: its hash, and the claims. */
  readonly takes: { readonly actor: boolean; readonly attributes: boolean };
  startEmulator(options?: AgentEmulatorOptions): Promise<AgentEmulator>;
  create(settings: AgentSettings, times?: AgentConnectionTimes): AgentProvider;
}

const HARNESS_ARN = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/tests-a1b2c3d4e5';

export const PROVIDERS: readonly ProviderUnderTest[] = [
  {
    name: 'Bedrock Agents',
    variables: { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' },
    others: [
      { AGENT_ID: 'OTHER', AGENT_ALIAS_ID: 'ALIAS' },
      { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'OTHER' },
    ],
    elsewhere: [],
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME',
    memory: { idleSeconds: 600 },
    hasMessages: false,
    takes: { actor: false, attributes: true },
    startEmulator: startBedrockAgentEmulator,
    create: (settings, times) => BedrockAgentProvider.create(settings, requireTarget(settings, 'bedrock-agent'), times),
  },
  {
    name: 'AgentCore harness',
    variables: { AGENT_HARNESS_ARN: HARNESS_ARN },
    others: [{ AGENT_HARNESS_ARN: `${HARNESS_ARN}2` }, { AGENT_HARNESS_ARN: HARNESS_ARN, AGENT_QUALIFIER: 'other' }],
    elsewhere: [{ AGENT_HARNESS_ARN: HARNESS_ARN.replace('us-east-1', 'eu-west-1') }],
    ownRegion: 'us-east-1',
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_AGENTCORE',
    memory: { idleSeconds: 900, maxSeconds: 28_800 },
    hasMessages: true,
    takes: { actor: true, attributes: false },
    startEmulator: startHarnessEmulator,
    create: (settings, times) => HarnessProvider.create(settings, requireTarget(settings, 'harness'), times),
  },
  {
    name: 'Bedrock Converse',
    variables: { AGENT_MODEL_ID: 'amazon.nova-lite-v1:0' },
    others: [{ AGENT_MODEL_ID: 'eu.amazon.nova-lite-v1:0' }],
    elsewhere: [
      { AGENT_MODEL_ID: 'arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0' },
      { AGENT_MODEL_ID: 'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3d4e5f6' },
    ],
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
    memory: undefined,
    hasMessages: true,
    takes: { actor: true, attributes: false },
    startEmulator: startConverseEmulator,
    create: (settings, times) => ConverseProvider.create(settings, requireTarget(settings, 'converse'), times),
  },
];

/** The settings of an agent. */
export function toSettings(variables: Variables): AgentSettings {
  return new AgentSettings(loadEnvironment({ JWT_VERIFY_SIGNATURE: 'false', ...variables }));
}

function requireTarget<K extends AgentSettings['target']['kind']>({ target }: AgentSettings, kind: K) {
  if (target.kind !== kind) throw new Error(`The agent is not a ${kind}`);
  return target as Extract<AgentSettings['target'], { kind: K }>;
}
