import { randomUUID } from 'node:crypto';
import type { AgentEmulator, AgentEmulatorOptions } from '../../src/local/emulator/agent-server.js';
import { startBedrockAgentEmulator } from '../../src/local/emulator/bedrock-agent/server.js';
import { startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { startHarnessEmulator } from '../../src/local/emulator/harness/server.js';
import { type ProviderUnderTest, PROVIDERS } from '../../test/support/agent-providers.js';
import type { AgentName } from '../../test/support/fault-rows.js';

/** A call of botocore, by the names of its clients and methods. */
export interface BotocoreCall {
  readonly service: string;
  readonly operation: string;
  readonly endpoint: string;
  readonly parameters: object;
}

/** An emulated agent, and what it is asked. */
export interface CheckedAgent {
  readonly provider: ProviderUnderTest;
  readonly emulator: AgentEmulator;
  readonly prompts: readonly string[];
  /** Sets the behaviour for the first prompt, if it needs one. */
  readonly prepare: () => void;
  readonly toCall: (prompt: string) => BotocoreCall;
}

/** The reply has a citation and characters of two to four bytes. */
const TEXT = 'Grüße 👍🏽 漢: a weekend in Lisbon?';
const PROMPTS = [TEXT, `${TEXT} [[fault stream-exception exception=InternalServerException after=3]]`];
const MESSAGE_PROMPTS = [...PROMPTS, `${TEXT} [[fault split-surrogates]]`, `${TEXT} [[fault tool-rounds]]`];
/** So each character of several bytes is cut at each of them, if the service cuts bytes. */
const OPTIONS: AgentEmulatorOptions = { chunkBytes: 1 };

/** Starts the emulated agents. */
export function startCheckedAgents(): Promise<CheckedAgent[]> {
  return Promise.all([startClassic(), startHarness(), startConverse()]);
}

async function startClassic(): Promise<CheckedAgent> {
  const emulator = await startBedrockAgentEmulator(OPTIONS);
  const toCall = (inputText: string) => ({
    service: 'bedrock-agent-runtime',
    operation: 'invoke_agent',
    endpoint: emulator.endpoint,
    parameters: {
      agentId: 'AGENT',
      agentAliasId: 'ALIAS',
      sessionId: randomUUID(),
      inputText,
      streamingConfigurations: { streamFinalResponse: true },
    },
  });
  return { provider: findProvider('Bedrock Agents'), emulator, prompts: PROMPTS, prepare: () => undefined, toCall };
}

async function startHarness(): Promise<CheckedAgent> {
  const emulator = await startHarnessEmulator(OPTIONS);
  const provider = findProvider('AgentCore harness');
  const toCall = (prompt: string) => ({
    service: 'bedrock-agentcore',
    operation: 'invoke_harness',
    endpoint: emulator.endpoint,
    parameters: {
      harnessArn: provider.variables['AGENT_HARNESS_ARN'],
      runtimeSessionId: randomUUID(),
      messages: [toMessage(prompt)],
    },
  });
  return { provider, emulator, prompts: MESSAGE_PROMPTS, prepare: () => undefined, toCall };
}

async function startConverse(): Promise<CheckedAgent> {
  const emulator = await startConverseEmulator(OPTIONS);
  const provider = findProvider('Bedrock Converse');
  const citation = { title: 'Lisbon', location: { web: { url: 'https://example.com/lisbon' } } };
  // A plain model cites only documents of the request, so the emulator does not by itself.
  const prepare = () => emulator.enqueue({ type: 'chunks', chunks: ['Belém', { citation }] });
  const toCall = (prompt: string) => ({
    service: 'bedrock-runtime',
    operation: 'converse_stream',
    endpoint: emulator.endpoint,
    parameters: { modelId: provider.variables['AGENT_MODEL_ID'], messages: [toMessage(prompt)] },
  });
  return { provider, emulator, prompts: ['Cite a source', ...MESSAGE_PROMPTS], prepare, toCall };
}

function toMessage(text: string) {
  return { role: 'user', content: [{ text }] };
}

function findProvider(name: AgentName): ProviderUnderTest {
  const provider = PROVIDERS.find((each) => each.name === name);
  if (!provider) throw new Error(`There is no provider ${name}`);
  return provider;
}
