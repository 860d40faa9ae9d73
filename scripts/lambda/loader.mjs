// An entry of the package; each entry is a copy of this file. Lambda imports it before it asks for the first event.
// The top-level await makes the app ready by then.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';

// Lambda starts Node with --expose-gc. V8 refuses a code cache that was made without that flag.
if (globalThis.gc) process.getBuiltinModule('node:v8').setFlagsFromString('--no-expose-gc');
const filename = join(import.meta.dirname, 'app.js');
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: codeCache() });
// V8 accepts a cache of its own version and flags only. Without a cache the start is slower, and nothing else changes.
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
