import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where tools that are not dependencies are installed on demand. */
const TOOLS = join(import.meta.dirname, '../../build/tools');

/** The major version of the runtime in template.yaml, whose V8 the code cache is for. */
export const RUNTIME_NODE = '24';

/** A Node by its version: `24`, or `24.10.0`. */
const VERSION = /^\d+(\.\d+\.\d+)?$/;

/**
 * The path of a Node: of a major version, which the running one may be, or of an exact one. It is the package `node` of
 * the npm registry, installed on demand and kept. What is no version is taken for a path.
 *
 * @throws Error when it cannot be installed.
 */
export async function nodeBinary(version: string): Promise<string> {
  if (!VERSION.test(version)) return version;
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath;
  const folder = await installed(`node-${version}`, `node@${version}`);
  return join(folder, 'node_modules/node/bin/node');
}

/** What the function of `template.yaml` has, in megabytes, unless a parameter says otherwise. */
export const FUNCTION_MEGABYTES = 1024;

/**
 * The arguments that Lambda's own start script gives to Node. They matter: V8 refuses a code cache that was made with
 * other flags. As several copies of `/var/runtime/bootstrap` in public repositories have them; the runtime client of AWS
 * knows three of the four by name.
 */
export const LAMBDA_NODE_ARGUMENTS: readonly string[] = [
  '--expose-gc',
  '--max-http-header-size=81920',
  `--max-semi-space-size=${Math.floor(FUNCTION_MEGABYTES / 20)}`,
  `--max-old-space-size=${FUNCTION_MEGABYTES - Math.floor(FUNCTION_MEGABYTES / 10)}`,
];

/** Whether {@link installed} has done its work before. */
export function isInstalled(name: string): boolean {
  return existsSync(join(TOOLS, name, 'installed'));
}

/**
 * Installs a package from the npm registry into a folder of its own, once.
 *
 * @returns the folder.
 */
export async function installed(name: string, spec: string): Promise<string> {
  const folder = join(TOOLS, name);
  if (isInstalled(name)) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', spec], { cwd: folder });
  await writeFile(join(folder, 'installed'), spec);
  return folder;
}
