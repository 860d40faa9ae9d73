import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ChatModule } from './chat/chat.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Environment } from './config/environment.js';
import { HealthModule } from './health/health.module.js';
import { ErrorFilter } from './http/errors/error.filter.js';

/** The root module: composes the other modules. */
@Module({})
export class AppModule {
  /** @param additions - modules that not every entry has. */
  static with(environment: Environment, additions: readonly (DynamicModule | Type)[] = []): DynamicModule {
    return {
      module: AppModule,
      imports: [ConfigModule.forRoot(environment), ChatModule, HealthModule, ...additions],
      providers: [{ provide: APP_FILTER, useClass: ErrorFilter }],
    };
  }
}
