// An entry of the package, copied as it is under the name of each. Lambda imports it, and its top-level await is what
// makes the app ready before the first event is asked for.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';

// Lambda starts Node with --expose-gc, and V8 would refuse a code cache that was made without. Nobody here calls gc.
if (globalThis.gc) process.getBuiltinModule('node:v8').setFlagsFromString('--no-expose-gc');
const filename = join(import.meta.dirname, 'app.js');
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: codeCache() });
// V8 takes the cache of its own version and flags only. Without it the app is compiled, which is slower and no worse.
if (script.cachedDataRejected !== false) {
  const { node, v8 } = process.versions;
  console.warn(JSON.stringify({ level: 'warn', timestamp: Date.now(), message: 'codeCache: rejected', node, v8 }));
}
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module);
const entry = module.exports[basename(import.meta.filename, '.mjs')];
await entry.start?.();

export const { handler } = entry;

function codeCache() {
  try {
    return readFileSync(join(import.meta.dirname, 'app.cache'));
  } catch {
    return undefined;
  }
}
