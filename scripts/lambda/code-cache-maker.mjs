// Runs in a process of its own, which may be of another Node than the build's: node code-cache-maker.mjs <folder> <events>
// Handles events, so that what they need is compiled, and writes V8's code cache beside the app.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Script } from 'node:vm';

const [folder, events] = process.argv.slice(2);
// As the loader does.
if (globalThis.gc) process.getBuiltinModule('node:v8').setFlagsFromString('--no-expose-gc');
const filename = join(folder, 'app.js');
// What Lambda gives to handlers that stream, as far as they use it.
globalThis.awslambda = { HttpResponseStream: { from: (stream, prelude) => Object.assign(stream, prelude) } };
const script = new Script(readFileSync(filename, 'latin1'), { filename });
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module);
for (const { entry, event, status } of JSON.parse(events)) {
  if (!(entry in module.exports)) continue;
  const { statusCode } = await answer(module.exports[entry].handler, event);
  if (statusCode !== status) throw new Error(`${entry} answered ${statusCode}`);
}
writeFileSync(join(folder, 'app.cache'), script.createCachedData());
process.exit(0);

async function answer(handler, event) {
  const context = { awsRequestId: 'code-cache', getRemainingTimeInMillis: () => 30_000 };
  if (handler.length < 3) return handler(event, context);
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  await handler(event, stream, context);
  return stream;
}
