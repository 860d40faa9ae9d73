import { type DynamicModule, Module } from '@nestjs/common';
import { ApiDocs } from './api-docs.js';
import { ApiDocsController, RootController } from './api-docs.controller.js';

/** The document of the API and its page. It is not part of the app, and the entry of the server loads it on demand. */
@Module({})
export class ApiDocsModule {
  /** @param options.atRoot - whether `GET /` leads to the page, too. */
  static with({ atRoot }: { readonly atRoot: boolean }): DynamicModule {
    const controllers = atRoot ? [ApiDocsController, RootController] : [ApiDocsController];
    return { module: ApiDocsModule, controllers, providers: [ApiDocs] };
  }
}
