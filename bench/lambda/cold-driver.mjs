// node cold-driver.mjs <module>: loads a handler, and handles the event in EVENT. It writes both times to descriptor 3.
import { writeSync } from 'node:fs';

const [module] = process.argv.slice(2);
const start = performance.now();
let loaded = start;
if (module !== undefined) {
  const { handler } = await import(module);
  loaded = performance.now();
  const context = { awsRequestId: '5ab70f3c-1a2b-4c3d-8e4f-000000000000', getRemainingTimeInMillis: () => 30_000 };
  const response = await handler(JSON.parse(process.env.EVENT), context);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${response.body}`);
}
writeSync(3, JSON.stringify({ load: loaded - start, handle: performance.now() - loaded }));
process.exit(0);
