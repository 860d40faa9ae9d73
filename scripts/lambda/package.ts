import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** Where the package is built, and what `CodeUri` in `template.yaml` says. */
export const PACKAGE_FOLDER = 'build/lambda';
/** What functions may be configured to run, as `lambda.handler` and `lambda-stream.handler`. */
export const PACKAGE_ENTRIES = ['lambda.mjs', 'lambda-stream.mjs'];
/** The most bytes of the package as a zip. */
export const ZIP_BUDGET = 1_800_000;

/** A zip's own bytes per file: 30 and 46 of the two headers, and the name twice; 22 at its end. */
const ZIP_FILE_BYTES = 76;
const ZIP_END_BYTES = 22;

export interface PackageSize {
  readonly bytes: number;
  /** What a zip of the folder takes: each file deflated at level 9, and the zip's own bytes. */
  readonly zipped: number;
}

/** The size of a folder without folders in it, and of its zip, computed and not written. */
export async function packageSize(folder: string): Promise<PackageSize> {
  const size = { bytes: 0, zipped: ZIP_END_BYTES };
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name));
    size.bytes += content.length;
    size.zipped += deflateRawSync(content, { level: 9 }).length + ZIP_FILE_BYTES + 2 * Buffer.byteLength(name);
  }
  return size;
}
