import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** The folder of the package behind the API, which is `CodeUri` in `template.yaml`. */
export const PACKAGE_FOLDER = 'build/lambda';
/** The files of the handlers `lambda.handler` and `lambda-stream.handler`. */
export const PACKAGE_ENTRIES = ['lambda.mjs', 'lambda-stream.mjs'];
/** The file of the handler `lambda-sweep.handler`. It has a package of its own, so the other one does not grow. */
export const SWEEP_ENTRIES = ['lambda-sweep.mjs'];
/** All packages, with the files of their handlers. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  [PACKAGE_FOLDER]: PACKAGE_ENTRIES,
  [`${PACKAGE_FOLDER}-sweep`]: SWEEP_ENTRIES,
};
/** Greatest size of the package as a zip, in bytes. */
export const ZIP_BUDGET = 2_100_000;

/** A zip adds two headers per file, of 30 and 46 bytes plus the name, and 22 bytes at its end. */
const ZIP_FILE_BYTES = 76;
const ZIP_END_BYTES = 22;

export interface PackageSize {
  readonly bytes: number;
  /** Bytes of a zip of the folder, deflated at level 9. */
  readonly zipped: number;
  /** Bytes of the script, and of its code cache. */
  readonly script: number;
  readonly cache: number;
}

/** Describes the size of a package in one line. */
export function formatPackageSize({ bytes, zipped, script, cache }: PackageSize): string {
  const [all, zip, app, code] = [bytes, zipped, script, cache].map((count) => `${(count / 1e6).toFixed(2)} MB`);
  return `${all} (script ${app}, code cache ${code}), ${zip} as a zip`;
}

/** Computes the size of a flat folder and of its zip. Writes no zip. */
export async function measurePackage(folder: string): Promise<PackageSize> {
  const size = { bytes: 0, zipped: ZIP_END_BYTES, script: 0, cache: 0 };
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name));
    size.bytes += content.length;
    if (name === 'app.js') size.script = content.length;
    if (name === 'app.cache') size.cache = content.length;
    size.zipped += deflateRawSync(content, { level: 9 }).length + ZIP_FILE_BYTES + 2 * Buffer.byteLength(name);
  }
  return size;
}
