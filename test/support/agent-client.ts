import type { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { AgentProvider } from '../../src/chat/agent/agent.js';
import type { ChatApp } from './chat-app.js';

/** The SDK client through which a service calls its Bedrock agent. It is private in the provider. */
export function findAgentClient({ nest }: Pick<ChatApp, 'nest'>): BedrockAgentRuntimeClient {
  const provider: unknown = nest.get(AgentProvider, { strict: false });
  return (provider as { readonly client: BedrockAgentRuntimeClient }).client;
}
