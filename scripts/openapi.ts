import { writeFile } from 'node:fs/promises';
import { makeOpenApiFiles } from './openapi/make-files.js';

/** `npm run openapi`: writes openapi.json and openapi.d.ts. A test compares them with the code. */
for (const [name, content] of Object.entries<string>(await makeOpenApiFiles())) {
  await writeFile(new URL(`../${name}`, import.meta.url), content);
}
