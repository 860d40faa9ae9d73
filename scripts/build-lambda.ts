import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assertLean, bundleHandlers } from './lambda/bundle.js';
import { writeCodeCache } from './lambda/code-cache.js';
import { nodeBinary, RUNTIME_NODE } from './lambda/node-binary.js';
import { PACKAGE_ENTRIES, PACKAGE_FOLDER, packageSize, ZIP_BUDGET } from './lambda/package.js';

const ROOT = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    /** The folder that gets the package; what belongs beside it goes into folders of a similar name. */
    out: { type: 'string', default: PACKAGE_FOLDER },
    /** The Node that makes the code cache: a version such as 24 or 24.10.0, or the path of one. */
    node: { type: 'string', default: RUNTIME_NODE },
  },
});
const out = resolve(values.out);
const [compiled, beside] = [`${out}-tsc`, `${out}-maps`];

await Promise.all([out, compiled, beside].map((folder) => rm(folder, { recursive: true, force: true })));
await Promise.all([out, beside].map((folder) => mkdir(folder, { recursive: true })));
execFileSync(
  process.execPath,
  [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', compiled],
  { cwd: ROOT, stdio: 'inherit' },
);
const metafile = await bundleHandlers({
  entries: Object.fromEntries(
    PACKAGE_ENTRIES.map((file) => [parse(file).name, join(compiled, `${parse(file).name}.js`)]),
  ),
  outfile: join(out, 'app.js'),
  mapFolder: beside,
});
assertLean(metafile);
await writeFile(join(beside, 'metafile.json'), JSON.stringify(metafile));
for (const file of PACKAGE_ENTRIES) await copyFile(join(import.meta.dirname, 'lambda/loader.mjs'), join(out, file));
const version = await writeCodeCache(out, await chosenNode(values.node));

const { bytes, zipped } = await packageSize(out);
console.log(`${values.out}: ${megabytes(bytes)}, ${megabytes(zipped)} as a zip, code cache for Node ${version}`);
if (zipped > ZIP_BUDGET) {
  console.error(`The zip is over its budget of ${megabytes(ZIP_BUDGET)}`);
  process.exitCode = 1;
}

async function chosenNode(node: string): Promise<string> {
  try {
    return await nodeBinary(node);
  } catch (error) {
    console.warn(
      `Node ${node} cannot be installed, so the code cache is for Node ${process.versions.node} alone:`,
      error,
    );
    return process.execPath;
  }
}

function megabytes(count: number): string {
  return `${(count / 1e6).toFixed(2)} MB`;
}
