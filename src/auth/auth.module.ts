import { Module } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import { createSigningKeys } from './keys/create-signing-keys.js';
import { IdTokenGuard } from './id-token.guard.js';
import { IdTokenStrategy } from './id-token.strategy.js';
import { SigningKeys } from './keys/signing-keys.js';

/**
 * The door. A module that puts `@UseGuards(IdTokenGuard)` on its routes imports this one: the guard is made there and
 * asks for the strategy.
 */
@Module({
  providers: [
    { provide: SigningKeys, useFactory: createSigningKeys, inject: [Environment] },
    IdTokenStrategy,
    IdTokenGuard,
  ],
  exports: [IdTokenStrategy, IdTokenGuard],
})
export class AuthModule {}
