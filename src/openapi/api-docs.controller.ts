import { Controller, Get, Header, Req, type StreamableFile } from '@nestjs/common';
import { ApiDocs, PAGE_POLICY, PAGE_SCRIPT } from './api-docs.js';

/** `GET /openapi.json` is the document of the API, and `GET /docs` shows it with Swagger UI. */
@Controller()
export class ApiDocsController {
  constructor(private readonly docs: ApiDocs) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  getDocument(): string {
    return this.docs.document;
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  getPage(@Req() { path }: { readonly path: string }): string {
    return this.docs.buildPage(path);
  }

  @Get('docs/page.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  getScript(): string {
    return PAGE_SCRIPT;
  }

  @Get('docs/swagger-ui-bundle.js')
  getBundle(): StreamableFile {
    return this.docs.openFile('swagger-ui-bundle.js');
  }

  @Get('docs/swagger-ui.css')
  getStyles(): StreamableFile {
    return this.docs.openFile('swagger-ui.css');
  }

  @Get('docs/favicon-32x32.png')
  getIcon(): StreamableFile {
    return this.docs.openFile('favicon-32x32.png');
  }
}
