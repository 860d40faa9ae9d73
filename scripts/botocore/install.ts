import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The clients of this version know the operations of all three agents. */
const REQUIREMENT = 'botocore>=1.43.107';
const FOLDER = join(import.meta.dirname, '../../build/tools/botocore');
const TIMEOUT_MS = 240_000;
const REASON_MAX_LENGTH = 300;

/** botocore cannot be installed here. The message says why, in one line. */
export class NoBotocoreError extends Error {
  override readonly name = 'NoBotocoreError';
}

/**
 * Makes a virtual environment with botocore, once.
 *
 * @returns the path of its Python.
 * @throws NoBotocoreError
 */
export async function installBotocore(): Promise<string> {
  const python = join(FOLDER, 'bin/python');
  const marker = join(FOLDER, 'installed');
  if ((await readFile(marker, 'utf8').catch(() => '')) === REQUIREMENT) return python;
  await mkdir(FOLDER, { recursive: true });
  // An attempt that was cut short has left a part.
  await attempt('python3', ['-m', 'venv', '--clear', FOLDER]);
  await attempt(python, ['-m', 'pip', 'install', '--quiet', '--no-input', '--retries', '1', REQUIREMENT]);
  await writeFile(marker, REQUIREMENT);
  return python;
}

async function attempt(command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args, { timeout: TIMEOUT_MS });
  } catch (error) {
    throw new NoBotocoreError(toReason(error as Failure));
  }
}

/** How a command failed. */
interface Failure {
  readonly code?: string | number | null;
  readonly killed?: boolean;
  readonly stdout?: string;
  readonly stderr?: string;
}

function toReason({ code, killed, stdout = '', stderr = '' }: Failure): string {
  if (code === 'ENOENT') return 'python3 is not installed';
  if (killed) return `its installation took more than ${TIMEOUT_MS / 1000} s`;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  // The last error of pip, or what venv says.
  const reason = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.join(' ');
  return reason.replace(/\s+/g, ' ').slice(0, REASON_MAX_LENGTH);
}
