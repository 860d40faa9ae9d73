import type { AgentSettings } from '../../config/agent-settings.js';
import type { AgentProvider } from './agent.js';

/**
 * Creates the provider of the configured agent. Each provider is imported here and nowhere else, so that only the SDK
 * client of the configured agent is evaluated.
 */
export async function createAgentProvider(settings: AgentSettings): Promise<AgentProvider> {
  const { target } = settings;
  switch (target.kind) {
    case 'bedrock-agent': {
      const { BedrockAgentProvider } = await import('./bedrock-agent/bedrock-agent.provider.js');
      return BedrockAgentProvider.create(settings, target);
    }
    case 'harness': {
      const { HarnessProvider } = await import('./harness/harness.provider.js');
      return HarnessProvider.create(settings, target);
    }
    case 'converse': {
      const { ConverseProvider } = await import('./converse/converse.provider.js');
      return ConverseProvider.create(settings, target);
    }
    default:
      return target satisfies never;
  }
}
