import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { toOneLine, LocalModeError } from './local-mode.js';

/** 48 bytes are 64 characters, which is enough even for HS512 (RFC 7518, 3.2). */
const KEY_BYTES = 48;
const KEY = /^[A-Za-z0-9_-]{64}$/;
const READ_ATTEMPTS = 20;

/**
 * Returns the secret that signs tokens in local mode. The first call creates `<dataDir>/dev-key`, which only its owner
 * can read. Tokens printed before a restart stay valid.
 *
 * @throws LocalModeError if the folder cannot be created, or the file does not hold a key.
 */
export async function devKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'dev-key');
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LocalModeError(`The folder ${dataDir} cannot be created: ${toOneLine(error)}`, { cause: error });
  }
  const fresh = randomBytes(KEY_BYTES).toString('base64url');
  try {
    await writeFile(path, fresh, { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  // Another process may have created the file and not yet written to it.
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt += 1) {
    const key = (await readFile(path, 'utf8')).trim();
    if (KEY.test(key)) return key;
    await wait(10);
  }
  throw new LocalModeError(`${path} does not hold a dev key: delete it and start again`);
}
