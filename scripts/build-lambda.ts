import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assertLean, bundleHandlers } from './lambda/bundle.js';
import { makeCodeCache, writeCodeCache } from './lambda/code-cache.js';
import { CACHE_NODE, findNode } from './lambda/node-binary.js';
import {
  formatPackageSize,
  measurePackage,
  PACKAGE_ENTRIES,
  PACKAGE_FOLDER,
  SWEEP_ENTRIES,
  ZIP_BUDGET,
} from './lambda/package.js';

const ROOT = join(import.meta.dirname, '..');
const STEPS = 4;

const { values } = parseArgs({
  options: {
    /** The folder of the package. Files that are not part of it go into folders with similar names. */
    out: { type: 'string', default: PACKAGE_FOLDER },
    /** The Node that makes the code cache: a version such as 24 or 24.10.0, or a path. */
    node: { type: 'string', default: CACHE_NODE },
    /**
     * Compiles without a look at the types, for tests. The package is the same, except that it checks whether the two
     * injected classes of the SDK exist.
     */
    unchecked: { type: 'boolean', default: false },
  },
});
const out = resolve(values.out);
/** The package of the sweep. */
const sweep = `${out}-sweep`;
const compiled = `${out}-tsc`;
const start = performance.now();

report(1, 'compiling src with tsc');
await rm(compiled, { recursive: true, force: true });
const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', compiled];
execFileSync(process.execPath, [...tsc, ...(values.unchecked ? ['--noCheck', '--noResolve'] : [])], {
  cwd: ROOT,
  stdio: 'inherit',
});

report(2, `bundling ${[...PACKAGE_ENTRIES, ...SWEEP_ENTRIES].join(', ')}`);
await bundle(out, PACKAGE_ENTRIES);
await bundle(sweep, SWEEP_ENTRIES);

report(3, `looking for Node ${values.node}, which makes the code cache`);
const node = await findNodeOrOwn(values.node);

report(4, 'handling four events with each kind of agent, and writing the code cache');
const version = await writeCodeCache(out, node);
await makeCodeCache(sweep, node, { runs: [{ variables: {}, events: [] }] });

const size = await measurePackage(out);
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`Done in ${seconds} s. ${values.out}: ${formatPackageSize(size)}, for Node ${version}`);
console.log(`${values.out}-sweep: ${formatPackageSize(await measurePackage(sweep))}`);
if (size.zipped > ZIP_BUDGET) {
  console.error(`The zip is over its budget of ${(ZIP_BUDGET / 1e6).toFixed(2)} MB`);
  process.exitCode = 1;
}

/** Writes the script and the entries of a package, and its source map into a folder beside it. */
async function bundle(folder: string, files: readonly string[]): Promise<void> {
  const maps = `${folder}-maps`;
  await Promise.all([folder, maps].map((one) => rm(one, { recursive: true, force: true })));
  await Promise.all([folder, maps].map((one) => mkdir(one, { recursive: true })));
  const names = files.map((file) => parse(file).name);
  const metafile = await bundleHandlers({
    entries: Object.fromEntries(names.map((name) => [name, join(compiled, `${name}.js`)])),
    outfile: join(folder, 'app.js'),
    mapFolder: maps,
  });
  assertLean(metafile);
  await writeFile(join(maps, 'metafile.json'), JSON.stringify(metafile));
  for (const file of files) await copyFile(join(import.meta.dirname, 'lambda/loader.mjs'), join(folder, file));
}

function report(step: number, text: string): void {
  console.log(`${step} of ${STEPS}: ${text}`);
}

/** Falls back to the Node that runs this, so that a build works without the npm registry. */
async function findNodeOrOwn(wanted: string): Promise<string> {
  try {
    return await findNode(wanted);
  } catch (error) {
    const own = process.versions.node;
    console.warn(`Node ${wanted} cannot be installed; only Node ${own} will use this code cache:`, error);
    return process.execPath;
  }
}
