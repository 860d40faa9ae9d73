import { rmSync } from 'node:fs';

/** Removes the package that tests of this run have built. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default function removePackage() {
  rmSync(process.env['PACKAGE_WORK'], { recursive: true, force: true });
}
