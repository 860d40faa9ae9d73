import { type DynamicModule, Module } from '@nestjs/common';
import { Environment } from './environment.js';
import { AgentSettings, AuthSettings, LimitSettings, QuotaSettings, TableSettings } from './settings.js';

const SETTINGS = [AgentSettings, AuthSettings, LimitSettings, QuotaSettings, TableSettings];

/** Gives each module its part of the one validated {@link Environment}. */
@Module({})
export class ConfigModule {
  static forRoot(environment: Environment): DynamicModule {
    const settings = SETTINGS.map((Settings) => ({ provide: Settings, useValue: new Settings(environment) }));
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Environment, useValue: environment }, ...settings],
      exports: [Environment, ...SETTINGS],
    };
  }
}
