import { type DynamicModule, Module } from '@nestjs/common';
import { type LocalPage, LOCAL_PAGE, PageService } from './page.service.js';
import { PlaygroundController } from './playground.controller.js';

/** The page at `/`. It is not part of the app, and the entry of the server loads it on demand. */
@Module({})
export class PlaygroundModule {
  /** @param local - what only local mode gives to the page; undefined in every other mode. */
  static with(local: LocalPage | undefined): DynamicModule {
    return {
      module: PlaygroundModule,
      controllers: [PlaygroundController],
      providers: [PageService, { provide: LOCAL_PAGE, useValue: local }],
    };
  }
}
