import { Controller, Get, Header, Param, Req, type StreamableFile } from '@nestjs/common';
import type { PageRequest } from './local-caller.js';
import { PageService, PAGE_POLICY, type PageSettings } from './page.service.js';

/** `GET /` is the page. Its files are under `page/`, beside it wherever a proxy puts both. */
@Controller()
export class PlaygroundController {
  constructor(private readonly page: PageService) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  getPage(@Req() { originalUrl }: { readonly originalUrl: string }): Promise<string> {
    return this.page.buildHtml(originalUrl);
  }

  @Get('page/settings.json')
  getSettings(@Req() request: PageRequest): PageSettings {
    return this.page.getSettings(request);
  }

  @Get('page/:file')
  getFile(@Param('file') file: string): StreamableFile {
    return this.page.openFile(file);
  }
}
