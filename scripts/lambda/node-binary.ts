import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Tools that are not dependencies are installed here on demand. */
const TOOLS = join(import.meta.dirname, '../../build/tools');
/** Their exact versions, each with a lockfile that has the digests of all packages. */
const LOCKS = join(import.meta.dirname, 'tools');

/** A tool with a lockfile: a folder of `tools`. */
export type Tool = 'aws-lambda-ric' | 'node';

/** The version of Node that makes the code cache, unless `--node` names another. */
export const CACHE_NODE = readVersion('node');

/** The major version of the runtime in template.yaml, whose V8 the code cache is for. */
export const RUNTIME_NODE = CACHE_NODE.split('.')[0] ?? '';

/** Milliseconds between two lines about an installation that still runs. */
const PROGRESS_MS = 15_000;

/** A version of Node, such as `24` or `24.10.0`. */
const VERSION = /^\d+(\.\d+\.\d+)?$/;

/**
 * Finds a Node. A version that the running Node does not have is installed once from the npm registry. That of the code
 * cache has a lockfile. Any other is the package `node`, without a digest.
 *
 * @param version - `24`, `24.10.0`, or the path of a Node.
 * @returns its path.
 * @throws Error when it cannot be installed.
 */
export async function findNode(version: string): Promise<string> {
  if (!VERSION.test(version)) return version;
  const matches = (other: string) => `${other}.`.startsWith(`${version}.`);
  if (matches(process.versions.node)) return process.execPath;
  if (!matches(CACHE_NODE)) {
    const spec = `node@${version}`;
    const folder = await install(`node-${version}`, ['install', '--no-save', spec], async (target) =>
      writeFile(join(target, 'package.json'), '{"private":true}'),
    );
    return join(folder, 'node_modules/node/bin/node');
  }
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const path = join(await installTool('node'), 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
  if (!existsSync(path)) throw new Error(`There is no package ${name} of Node ${CACHE_NODE}`);
  return path;
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

/** Whether {@link installTool} has installed the version that the lockfile names. */
export function isInstalled(tool: Tool): boolean {
  return existsSync(join(TOOLS, toFolder(tool), 'installed'));
}

/**
 * Installs a tool once by its lockfile. npm refuses a package with another digest.
 *
 * @returns its folder.
 * @throws Error when it cannot be installed.
 */
export async function installTool(tool: Tool): Promise<string> {
  return install(toFolder(tool), ['ci'], async (target) => {
    const files = ['package.json', 'package-lock.json'];
    await Promise.all(files.map((file) => copyFile(join(LOCKS, tool, file), join(target, file))));
  });
}

function toFolder(tool: Tool): string {
  return `${tool}-${readVersion(tool)}`;
}

/** Reads the version of a tool. All packages that it names have the same. */
function readVersion(tool: Tool): string {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(LOCKS, tool, 'package.json'), 'utf8'),
  ) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  };
  const [version = ''] = Object.values({ ...dependencies, ...optionalDependencies });
  return version;
}

/** Runs npm once in a folder under `build/tools`, and reports its progress on standard error. */
async function install(
  name: string,
  npmArguments: readonly string[],
  prepare: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(TOOLS, name);
  if (existsSync(join(folder, 'installed'))) return folder;
  await mkdir(folder, { recursive: true });
  await prepare(folder);
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  console.error(`Installing ${name} into build/tools`);
  const progress = setInterval(() => console.error(`Still installing ${name}, ${seconds()} s so far`), PROGRESS_MS);
  try {
    await run('npm', [...npmArguments, '--no-audit', '--no-fund'], { cwd: folder });
  } finally {
    clearInterval(progress);
  }
  await writeFile(join(folder, 'installed'), '');
  console.error(`Installed ${name} in ${seconds()} s`);
  return folder;
}
