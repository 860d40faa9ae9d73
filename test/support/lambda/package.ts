import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hasRuntimeClient } from '../../../scripts/lambda/local-function.js';
import { findNode, isInstalled, LAMBDA_NODE_ARGUMENTS, RUNTIME_NODE } from '../../../scripts/lambda/node-binary.js';
import { describeWhere, skipped } from '../optional-parts.js';

/** The runtime client takes minutes to install, by `npm run lambda -- install`. Without it these tests are skipped. */
export const describeWithClient = describeWhere(
  hasRuntimeClient(),
  "what runs in Lambda's runtime client: it is not installed (npm run lambda -- install)",
);

/** The installed major versions of Node that can run the package. */
export const NODES = [
  ...new Set([process.versions.node.split('.')[0] ?? '', ...(isInstalled('node') ? [RUNTIME_NODE] : [])]),
];
if (!NODES.includes(RUNTIME_NODE)) {
  skipped(`what runs on the Node of the runtime, ${RUNTIME_NODE}: it is not installed (npm run lambda -- install)`);
}

/** Finds the Node that the package is built for: the Node of the runtime, or the running one if that is not installed. */
export async function findPackageNode(): Promise<string> {
  return findNode(NODES.at(-1) ?? '');
}

/** Where this run of Jest builds the package. It is in the repository, so that the dependencies are found. */
export const PACKAGE_WORK = String(process.env['PACKAGE_WORK']);

/**
 * Builds the package for the Node of {@link findPackageNode}, once in a run of Jest: it takes 5 s of CPU. Other test
 * files wait for it.
 *
 * @returns the folder, which no test may change.
 */
export async function buildPackage(): Promise<string> {
  const [folder, ended] = [join(PACKAGE_WORK, 'lambda'), join(PACKAGE_WORK, 'ended')];
  const isFirst = mkdirSync(PACKAGE_WORK, { recursive: true }) !== undefined;
  if (isFirst) {
    const build = ['--import', './scripts/typescript.mjs', 'scripts/build-lambda.ts', '--out', folder];
    try {
      const options = [...build, '--node', await findPackageNode(), '--unchecked'];
      execFileSync(process.execPath, options, { stdio: ['ignore', 'ignore', 'inherit'] });
    } finally {
      mkdirSync(ended);
    }
  }
  while (!existsSync(ended)) await sleep(100);
  if (!existsSync(join(folder, 'app.cache'))) throw new Error('Another test file could not build the package');
  return folder;
}

/** Runs the sweep of a package once, as its schedule does. */
export async function runSweep(folder: string, variables: Readonly<Record<string, string>>) {
  const script = `const { handler } = await import(process.argv[1]);
    await handler({}, { awsRequestId: 'x', getRemainingTimeInMillis: () => 90000 });`;
  const run = [...LAMBDA_NODE_ARGUMENTS, '--input-type=module', '-e', script, join(folder, 'lambda-sweep.mjs')];
  const env = { ...variables, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  return promisify(execFile)(await findPackageNode(), run, { cwd: folder, env });
}

/** V8 keeps a hash of its version at the second word of a code cache. */
export function withOtherVersion(cache: Buffer): Buffer {
  cache.writeUInt32LE((cache.readUInt32LE(4) ^ 1) >>> 0, 4);
  return cache;
}
