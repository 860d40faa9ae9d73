import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The file of variables cannot be used. The message is one line and complete in itself. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

const BYTE_ORDER_MARK = /^\ufeff/;

/**
 * Adds the variables of a file, if there is one. Variables that are set stay.
 * `process.loadEnvFile` loses the first variable behind a byte order mark, and all variables of UTF-16, without a word.
 *
 * @param variables - `process.env`.
 * @throws EnvFileError if the file cannot be read or is not UTF-8.
 */
export function loadEnvFile(variables: Record<string, string | undefined>, path = '.env'): void {
  for (const [name, value] of Object.entries(parseEnv(readText(path)))) variables[name] ??= value;
}

function readText(path: string): string {
  const bytes = readBytes(path);
  // UTF-16 without a byte order mark can be valid UTF-8 with many zeros.
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new EnvFileError(`The file ${path} is not UTF-8: save it as UTF-8`);
  }
  return bytes.toString('utf8').replace(BYTE_ORDER_MARK, '');
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.alloc(0);
    throw new EnvFileError(`The file ${path} cannot be read: ${code}`, { cause: error });
  }
}
