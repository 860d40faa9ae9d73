import { join } from 'node:path';
import { type AGENTS, findForeignSetting } from '../config/environment-agent.js';
import type { RawEnvironment } from '../config/environment.js';
import type { AgentEmulatorOptions } from './emulator/agent-server.js';
import { startBedrockAgentEmulator } from './emulator/bedrock-agent/server.js';
import { type CompletionEndpoint, createCompletionSource } from './emulator/completion-source.js';
import { startConverseEmulator } from './emulator/converse/server.js';
import { startHarnessEmulator } from './emulator/harness/server.js';
import { LocalModeError } from './local-mode.js';
import type { LoopbackServer } from './loopback-server.js';

/** With pieces this small and this pause, a usual reply takes one to two seconds, so that streaming can be seen. */
const CHUNK_BYTES = 7;
const DEFAULT_PACE_MS = 30;

/** What the emulated agents of local mode have in common. */
interface LocalAgentOptions extends AgentEmulatorOptions {
  readonly idleTtlSeconds?: number;
}

/** An emulated agent, and the variables that configure it. */
interface LocalAgentKind {
  /** The variable that chooses such an agent. */
  readonly agent: (typeof AGENTS)[number];
  readonly start: (options: LocalAgentOptions, dataDir: string) => Promise<LoopbackServer>;
  readonly endpointVariable: string;
  readonly variables: Readonly<Record<string, string>>;
}

const KINDS: Readonly<Record<string, LocalAgentKind>> = {
  classic: {
    agent: 'AGENT_ID',
    start: (options, dataDir) =>
      startBedrockAgentEmulator({ ...options, sessionsFile: join(dataDir, 'agent-sessions.json') }),
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME',
    variables: { AGENT_ID: 'LOCALAGENT', AGENT_ALIAS_ID: 'LOCALALIAS' },
  },
  harness: {
    agent: 'AGENT_HARNESS_ARN',
    start: (options, dataDir) =>
      startHarnessEmulator({ ...options, sessionsFile: join(dataDir, 'harness-sessions.json') }),
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_AGENTCORE',
    variables: { AGENT_HARNESS_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/local-a1b2c3d4e5' },
  },
  converse: {
    agent: 'AGENT_MODEL_ID',
    start: (options) => startConverseEmulator(options),
    endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
    variables: { AGENT_MODEL_ID: 'local.emulated-model-v1:0' },
  },
};

/** The agent that local mode is to emulate. */
export interface LocalAgentPlan {
  /** The value of LOCAL_AGENT. */
  readonly name: string;
  /** The model that replies, instead of the emulated knowledge base. */
  readonly endpoint: CompletionEndpoint | undefined;
  /**
   * Starts the emulated agent. Its `variables` are for the service.
   *
   * @param onFailure - gets one line when the model of LOCAL_AGENT_URL fails.
   */
  start(dataDir: string, onFailure: (line: string) => void): Promise<LocalAgent>;
}

export interface LocalAgent {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Reads LOCAL_AGENT and the variables that belong to it. @throws LocalModeError */
export function planLocalAgent(variables: RawEnvironment): LocalAgentPlan {
  const name = variables['LOCAL_AGENT']?.trim() || 'classic';
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) throw new LocalModeError(`LOCAL_AGENT must be one of ${Object.keys(KINDS).join(', ')}`);
  refuseForeignSetting(variables, kind);
  const endpoint = readEndpoint(variables);
  const pace = variables['LOCAL_AGENT_PACE_MS']?.trim();
  const idleTtlSeconds = Number(variables['AGENT_SESSION_TTL_SECONDS']);
  const options = {
    chunkBytes: CHUNK_BYTES,
    // A model has a pace of its own.
    paceMs: Number(pace || (endpoint ? 0 : DEFAULT_PACE_MS)),
    ...(idleTtlSeconds > 0 && { idleTtlSeconds }),
  };
  return {
    name,
    endpoint,
    start: async (dataDir, onFailure) => {
      const source = endpoint && createCompletionSource(endpoint, onFailure);
      const agent = await kind.start({ ...options, source }, dataDir);
      return {
        variables: { ...kind.variables, [kind.endpointVariable]: agent.endpoint },
        close: () => agent.close(),
      };
    },
  };
}

/** A setting of another agent is a mistake: the agent is missing, or LOCAL_AGENT names another. */
function refuseForeignSetting(variables: RawEnvironment, { agent }: LocalAgentKind): void {
  const foreign = findForeignSetting((name) => Boolean(variables[name]?.trim()), agent);
  if (!foreign) return;
  const [other] = Object.entries(KINDS).find(([, kind]) => kind.agent === foreign.owner) ?? [];
  throw new LocalModeError(`${foreign.name} needs ${foreign.owner}, or LOCAL_AGENT=${other} in local mode`);
}

function readEndpoint(variables: RawEnvironment): CompletionEndpoint | undefined {
  const [address, model, key] = ['LOCAL_AGENT_URL', 'LOCAL_AGENT_MODEL', 'LOCAL_AGENT_KEY'].map(
    (name) => variables[name]?.trim() || undefined,
  );
  if (address === undefined) {
    if (model ?? key) throw new LocalModeError('LOCAL_AGENT_MODEL and LOCAL_AGENT_KEY need LOCAL_AGENT_URL');
    return undefined;
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new LocalModeError(
      'LOCAL_AGENT_URL must be an http or https URL without a user, such as http://localhost:11434/v1',
    );
  }
  if (key !== undefined && !/^[!-~]+$/.test(key)) {
    throw new LocalModeError('LOCAL_AGENT_KEY must be ASCII characters without spaces');
  }
  return { url, model, key };
}
