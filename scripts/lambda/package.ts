import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** The folder of the package, which is `CodeUri` in `template.yaml`. */
export const PACKAGE_FOLDER = 'build/lambda';
/** The files of the handlers `lambda.handler` and `lambda-stream.handler`. */
export const PACKAGE_ENTRIES = ['lambda.mjs', 'lambda-stream.mjs'];
/** Greatest size of the package as a zip, in bytes. */
export const ZIP_BUDGET = 1_800_000;

/** A zip adds two headers per file, of 30 and 46 bytes plus the name, and 22 bytes at its end. */
const ZIP_FILE_BYTES = 76;
const ZIP_END_BYTES = 22;

export interface PackageSize {
  readonly bytes: number;
  /** Bytes of a zip of the folder, deflated at level 9. */
  readonly zipped: number;
}

/** Computes the size of a flat folder and of its zip. Writes no zip. */
export async function measurePackage(folder: string): Promise<PackageSize> {
  const size = { bytes: 0, zipped: ZIP_END_BYTES };
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name));
    size.bytes += content.length;
    size.zipped += deflateRawSync(content, { level: 9 }).length + ZIP_FILE_BYTES + 2 * Buffer.byteLength(name);
  }
  return size;
}
