import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where tools that are not dependencies are installed on demand. */
const TOOLS = join(import.meta.dirname, '../../build/tools');

/** The major version of the runtime in template.yaml, whose V8 the code cache is for. */
export const RUNTIME_NODE = 24;

/**
 * The path of a Node of this major version: the running one, or the package `node` of the npm registry, installed on
 * demand and kept.
 *
 * @throws Error when it cannot be installed.
 */
export async function nodeBinary(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = await installed(`node-${major}`, `node@${major}`);
  return join(folder, 'node_modules/node/bin/node');
}

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
