import { Module } from '@nestjs/common';
import { ApiDocs } from './api-docs.js';
import { ApiDocsController } from './api-docs.controller.js';

/** The document of the API and its page. It is not part of the app, and the entry of the server loads it on demand. */
@Module({ controllers: [ApiDocsController], providers: [ApiDocs] })
export class ApiDocsModule {}
