import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WatchOptions {
  /** Holds the file `watch-parent`. */
  readonly dataDir: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The process that starts this one, and starts it again after a change. */
  readonly parentPid: number;
}

/**
 * Whether `npm run start:dev` has restarted this program after a change. The first start notes its parent in a file.
 * Every package manager sets `npm_lifecycle_event`; in a plain shell the same parent may start the program twice.
 */
export async function isWatchRestart({ dataDir, variables, parentPid }: WatchOptions): Promise<boolean> {
  if (variables['npm_lifecycle_event'] !== 'start:dev') return false;
  const path = join(dataDir, 'watch-parent');
  const parent = String(parentPid);
  if ((await readFile(path, 'utf8').catch(() => '')) === parent) return true;
  await noteParent(dataDir, path, parent).catch(() => undefined);
  return false;
}

/** If this fails, the next start prints the whole banner again, which is no reason to end the service. */
async function noteParent(dataDir: string, path: string, parent: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(path, parent);
}
