import { type DynamicModule, Module } from '@nestjs/common';
import type { Environment } from './environment.js';
import { AgentSettings } from './agent-settings.js';
import { AuthSettings, HttpSettings, LimitSettings, QuotaSettings, TableSettings } from './settings.js';

const SETTINGS = [AgentSettings, AuthSettings, HttpSettings, LimitSettings, QuotaSettings, TableSettings];

/** Provides the validated {@link Environment} in parts, so that each class gets only what it needs. */
@Module({})
export class ConfigModule {
  static forRoot(environment: Environment): DynamicModule {
    const settings = SETTINGS.map((Settings) => ({ provide: Settings, useValue: new Settings(environment) }));
    return {
      module: ConfigModule,
      global: true,
      providers: settings,
      exports: SETTINGS,
    };
  }
}
