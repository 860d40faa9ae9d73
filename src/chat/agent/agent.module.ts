import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { AgentSettings } from '../../config/agent-settings.js';
import { AgentProvider } from './agent.js';
import { createAgentProvider } from './create-agent-provider.js';

/** Provides the configured {@link AgentProvider}, and closes it with the app. */
@Module({
  providers: [{ provide: AgentProvider, useFactory: createAgentProvider, inject: [AgentSettings] }],
  exports: [AgentProvider],
})
export class AgentModule implements OnApplicationShutdown {
  constructor(private readonly agent: AgentProvider) {}

  /** The modules above have ended their turns before. */
  async onApplicationShutdown(): Promise<void> {
    await this.agent.idle();
    this.agent.close();
  }
}
