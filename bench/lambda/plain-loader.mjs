// The loader of the package, without a code cache.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

const filename = join(import.meta.dirname, 'app.js');
const module = { exports: {} };
new Script(readFileSync(filename, 'latin1'), { filename }).runInThisContext()(
  module.exports,
  createRequire(filename),
  module,
);
const entry = module.exports.lambda;
await entry.start?.();

export const { handler } = entry;
