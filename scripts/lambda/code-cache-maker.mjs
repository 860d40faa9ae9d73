// node code-cache-maker.mjs <folder> <runs>: writes V8's code cache of the package in a folder.
// Each run handles events with its own variables first, so that V8 compiles the functions that they call.
// The Node need not be the build's.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Script } from 'node:vm';

const [folder, runs] = process.argv.slice(2);
// V8 compares this flag when it accepts a code cache, and the loader clears it too.
if (globalThis.gc) process.getBuiltinModule('node:v8').setFlagsFromString('--no-expose-gc');
const filename = join(folder, 'app.js');
// The part of Lambda's global that handlers use to stream.
globalThis.awslambda = { HttpResponseStream: { from: (stream, prelude) => Object.assign(stream, prelude) } };
const script = new Script(readFileSync(filename, 'latin1'), { filename });
for (const { variables, events } of JSON.parse(runs)) {
  // Each run has its own app. The compiled functions belong to the script, which all runs share.
  process.env = variables;
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module);
  for (const { entry, event, status } of events) {
    if (!(entry in module.exports)) continue;
    const { statusCode } = await invoke(module.exports[entry].handler, event);
    if (statusCode !== status) throw new Error(`${entry} returned status ${statusCode}`);
  }
}
writeFileSync(join(folder, 'app.cache'), script.createCachedData());
process.exit(0);

async function invoke(handler, event) {
  const context = { awsRequestId: 'code-cache', getRemainingTimeInMillis: () => 30_000 };
  if (handler.length < 3) return handler(event, context);
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  await handler(event, stream, context);
  return stream;
}
