import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Tools that are not dependencies are installed here on demand. */
const TOOLS = join(import.meta.dirname, '../../build/tools');

/** The major version of the runtime in template.yaml, whose V8 the code cache is for. */
export const RUNTIME_NODE = '24';

/** Milliseconds between two lines about an installation that still runs. */
const PROGRESS_MS = 15_000;

/** A version of Node, such as `24` or `24.10.0`. */
const VERSION = /^\d+(\.\d+\.\d+)?$/;

/**
 * Finds a Node. A version that the running Node does not have is installed once, as the npm package `node`.
 *
 * @param version - `24`, `24.10.0`, or the path of a Node.
 * @returns its path.
 * @throws Error when it cannot be installed.
 */
export async function findNode(version: string): Promise<string> {
  if (!VERSION.test(version)) return version;
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath;
  const folder = await installPackage(`node-${version}`, `node@${version}`);
  return join(folder, 'node_modules/node/bin/node');
}

/** Memory of the function in megabytes, the default of `template.yaml`. */
export const FUNCTION_MEGABYTES = 1024;

/**
 * The arguments that Lambda gives to Node, because V8 refuses a code cache that was made with other flags.
 * Source: public copies of `/var/runtime/bootstrap`.
 */
export const LAMBDA_NODE_ARGUMENTS: readonly string[] = [
  '--expose-gc',
  '--max-http-header-size=81920',
  `--max-semi-space-size=${Math.floor(FUNCTION_MEGABYTES / 20)}`,
  `--max-old-space-size=${FUNCTION_MEGABYTES - Math.floor(FUNCTION_MEGABYTES / 10)}`,
];

/** Whether {@link installPackage} has installed a tool before. */
export function isInstalled(name: string): boolean {
  return existsSync(join(TOOLS, name, 'installed'));
}

/**
 * Installs a package of the npm registry once, and reports its progress on standard error.
 *
 * @param name - of its folder under `build/tools`.
 * @param spec - such as `node@24`.
 * @returns the folder.
 */
export async function installPackage(name: string, spec: string): Promise<string> {
  const folder = join(TOOLS, name);
  if (isInstalled(name)) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  console.error(`Installing ${spec} into build/tools/${name}`);
  const progress = setInterval(() => console.error(`Still installing ${spec}, ${seconds()} s so far`), PROGRESS_MS);
  try {
    await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', spec], { cwd: folder });
  } finally {
    clearInterval(progress);
  }
  await writeFile(join(folder, 'installed'), spec);
  console.error(`Installed ${spec} in ${seconds()} s`);
  return folder;
}
