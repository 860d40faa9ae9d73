import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transformFile } from '@swc/core';
import { build, stop } from 'esbuild';

const SOURCES = 'src';
const COMPILED = 'build/test/src';
/** Inside the repository, so that the bundle finds the packages that are not part of it. */
const BUNDLED = 'build/test/server';

/** The packages that stay outside: a preload changes the first one, and Nest never loads the last two. */
const EXTERNAL = ['@smithy/node-http-handler', 'dynalite', 'level', '@nestjs/microservices', '@nestjs/websockets'];

/** Gives CommonJS packages what they expect, inside an ES module. */
const COMMON_JS = `
  import { createRequire as createRequireOfBundle } from 'node:module';
  const require = createRequireOfBundle(import.meta.url);
  const { filename: __filename, dirname: __dirname } = import.meta;`;

/**
 * Compiles and bundles `src` before each run, for the servers that tests start as processes. A bundle starts in a fifth
 * of the time of TypeScript through a loader. Names the folder for a package of Lambda, which tests build when they need it.
 *
 * @param {object} _global - Jest's global configuration.
 * @param {{ transform: [pattern: string, path: string, options: object][] }} project - its transform has the compiler's
 *   options.
 */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function buildServer(_global, { transform: [[, , options]] }) {
  // Workers inherit it. A run that was killed may have had the same number.
  process.env['PACKAGE_WORK'] = join('build', `test-${process.pid}`);
  rmSync(process.env['PACKAGE_WORK'], { recursive: true, force: true });
  // esbuild emits no decorator metadata, so swc compiles first.
  await replaceFiles(COMPILED, async function* () {
    for (const name of filesIn(SOURCES).filter((file) => /(?<!\.spec|\.d)\.ts$/.test(file))) {
      const { code } = await transformFile(join(SOURCES, name), options);
      yield [name.replace(/\.ts$/, '.js'), code];
    }
  });
  await replaceFiles(BUNDLED, async function* () {
    const { outputFiles } = await build({
      entryPoints: [join(COMPILED, 'main.js')],
      outdir: BUNDLED,
      write: false,
      bundle: true,
      // What the service imports on demand stays on demand.
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // A CommonJS build that is imported on demand would have no named exports.
      mainFields: ['module', 'main'],
      external: EXTERNAL,
      banner: { js: COMMON_JS },
      logLevel: 'warning',
    });
    // Its process would keep Jest alive.
    await stop();
    for (const { path, text } of outputFiles) yield [relative(BUNDLED, path), text];
  });
  // The server reads them two folders above its own file.
  for (const path of ['openapi.json', ...readdirSync('page').map((name) => join('page', name))]) {
    writeIfChanged(join(BUNDLED, '../..', path), read(path));
  }
}

async function replaceFiles(folder, createFiles) {
  mkdirSync(folder, { recursive: true });
  const stale = new Set(filesIn(folder));
  for await (const [name, text] of createFiles()) {
    stale.delete(name);
    writeIfChanged(join(folder, name), text);
  }
  for (const name of stale) rmSync(join(folder, name), { force: true });
}

/** Another run may read these files at the same time, so no file may ever be incomplete. */
function writeIfChanged(path, text) {
  if (read(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => /\.[jt]s$/.test(name));
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
