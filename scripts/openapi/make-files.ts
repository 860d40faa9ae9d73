import { readFileSync } from 'node:fs';
import openapiTypes, { astToString } from 'openapi-typescript';
import { createApp } from '../../src/app.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { withoutAgent } from '../../src/config/environment-agent.js';
import { buildDocument } from '../../src/openapi/document/build-document.js';

/** The files that describe the API, by their names in the root of the repository. */
export type OpenApiFiles = Readonly<Record<'openapi.json' | 'openapi.d.ts', string>>;

/** Makes the files from the code. It reaches neither an agent nor a table. */
export async function makeOpenApiFiles(): Promise<OpenApiFiles> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  const environment = loadEnvironment(
    withoutAgent({ JWT_SECRET_KEY: 'no request is served with this key', LOG_LEVEL: 'fatal' }),
  );
  const app = await createApp(environment);
  const document = `${JSON.stringify(buildDocument(app, version), undefined, 2)}\n`;
  await app.close();
  const types = await openapiTypes(document);
  return {
    'openapi.json': document,
    'openapi.d.ts': `// Made from openapi.json by npm run openapi.\n${astToString(types)}`,
  };
}
