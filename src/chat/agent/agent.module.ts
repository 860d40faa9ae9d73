import { BedrockAgentRuntimeClient } from '@aws-sdk/client-bedrock-agent-runtime';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { AgentSettings } from '../../config/settings.js';
import { AgentProvider } from './agent.js';
import { createBedrockAgentRuntimeClient } from './bedrock-agent/bedrock-agent-runtime.client.js';
import { BedrockAgentProvider } from './bedrock-agent/bedrock-agent.provider.js';

/** Provides the configured {@link AgentProvider}, and closes its client with the app. */
@Module({
  providers: [
    { provide: BedrockAgentRuntimeClient, useFactory: createBedrockAgentRuntimeClient, inject: [AgentSettings] },
    { provide: AgentProvider, useClass: BedrockAgentProvider },
  ],
  exports: [AgentProvider],
})
export class AgentModule implements OnApplicationShutdown {
  constructor(private readonly client: BedrockAgentRuntimeClient) {}

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
