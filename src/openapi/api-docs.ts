import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Injectable, StreamableFile } from '@nestjs/common';

const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve('swagger-ui-dist/package.json'));

/** Swagger UI runs scripts, loads its document and sends requests, all from and to this service alone. */
export const PAGE_POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join(';');

const MEDIA_TYPES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

/** The document is beside `docs`, wherever a proxy puts both. A validator would get the address of the document. */
export const PAGE_SCRIPT = `SwaggerUIBundle({
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
});
`;

/** The document of the API, and the files of the page that shows it. */
@Injectable()
export class ApiDocs {
  /** `npm run openapi` makes it. In the root of the repository, two folders above `src/openapi` and `dist/openapi`. */
  readonly document = readFileSync(join(import.meta.dirname, '../../openapi.json'), 'utf8');

  /** @param path - the path of the page, with or without a slash at its end. */
  buildPage(path: string): string {
    const folder = path.endsWith('/') ? '.' : './docs';
    return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>aws-lambda-chat: API</title>
    <link rel="stylesheet" href="${folder}/swagger-ui.css">
    <link rel="icon" type="image/png" href="${folder}/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${folder}/swagger-ui-bundle.js"></script>
    <script src="${folder}/page.js"></script>
  </body>
</html>
`;
  }

  /** Opens a file of Swagger UI. */
  openFile(name: keyof typeof MEDIA_TYPES): StreamableFile {
    return new StreamableFile(createReadStream(join(SWAGGER_UI, name)), { type: MEDIA_TYPES[name] });
  }
}
