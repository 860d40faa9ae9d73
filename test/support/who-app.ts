import type { Server } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Module,
  UseGuards,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Response } from 'express';
import { InvalidIdTokenError } from '../../src/auth/auth.errors.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { IdTokenGuard } from '../../src/auth/id-token.guard.js';
import { CurrentUser } from '../../src/auth/user.decorator.js';
import type { User } from '../../src/auth/user.js';
import { ConfigModule } from '../../src/config/config.module.js';
import type { Environment } from '../../src/config/environment.js';

@Controller()
class WhoController {
  @Get('me')
  @UseGuards(IdTokenGuard)
  me(@CurrentUser() user: User): User {
    return user;
  }

  @Get('unguarded')
  unguarded(@CurrentUser() user: User): User {
    return user;
  }
}

/** A module of its own, like the module of chats: Nest creates the guard in it. */
@Module({ imports: [AuthModule], controllers: [WhoController] })
class WhoModule {}

@Catch()
class JsonFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const refused = thrown instanceof InvalidIdTokenError;
    const { message: error } = thrown as Error;
    host
      .switchToHttp()
      .getResponse<Response>()
      .status(refused ? 401 : 500)
      .json({ error });
  }
}

export type WhoApp = INestApplication<Server>;

/** Starts an app that has nothing but the check of the token: `GET /me` returns the user. */
export async function startWhoApp(environment: Environment): Promise<WhoApp> {
  const imports = [ConfigModule.forRoot(environment), WhoModule];
  const app: WhoApp = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
  await app.useGlobalFilters(new JsonFilter()).listen(0, '127.0.0.1');
  return app;
}
