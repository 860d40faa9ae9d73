import { Module } from '@nestjs/common';
import { AuthSettings } from '../config/settings.js';
import { IdTokenGuard } from './id-token.guard.js';
import { IdTokenStrategy } from './id-token.strategy.js';
import { createSigningKeys } from './keys/create-signing-keys.js';
import { SigningKeys } from './keys/signing-keys.js';

/**
 * Import this module to use `@UseGuards(IdTokenGuard)`. Nest creates the guard in the importing module, so the strategy
 * that it needs is exported too. `SigningKeys` is for the readiness probe.
 */
@Module({
  providers: [
    { provide: SigningKeys, useFactory: createSigningKeys, inject: [AuthSettings] },
    IdTokenStrategy,
    IdTokenGuard,
  ],
  exports: [IdTokenStrategy, IdTokenGuard, SigningKeys],
})
export class AuthModule {}
