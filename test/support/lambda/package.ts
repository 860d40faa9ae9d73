import { execFileSync } from 'node:child_process';
import { hasRuntimeClient } from '../../../scripts/lambda/local-function.js';
import { isInstalled, RUNTIME_NODE } from '../../../scripts/lambda/node-binary.js';
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

/** Builds the package for the running Node. The folder is in the repository, so that the dependencies are found. */
export function buildPackage(folder: string): void {
  const build = ['--import', './scripts/typescript.mjs', 'scripts/build-lambda.ts', '--out', folder];
  execFileSync(process.execPath, [...build, '--node', process.execPath], { stdio: ['ignore', 'ignore', 'inherit'] });
}
