// Runs in a process of its own, which may be of another Node than the build's: node code-cache-maker.mjs <folder> <events>
// Handles events, so that what they need is compiled, and writes V8's code cache beside the app.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

const [folder, events] = process.argv.slice(2);
const filename = join(folder, 'app.js');
const script = new Script(readFileSync(filename, 'latin1'), { filename });
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module);
await module.exports.ready;
for (const { event, status } of JSON.parse(events)) {
  const context = { awsRequestId: 'code-cache', getRemainingTimeInMillis: () => 30_000 };
  const answer = await module.exports.handler(event, context);
  if (answer.statusCode !== status) throw new Error(`answered ${answer.statusCode}: ${answer.body}`);
}
writeFileSync(join(folder, 'app.cache'), script.createCachedData());
process.exit(0);
