import { execFileSync } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleHandlers } from '../../scripts/lambda/bundle.js';
import { writeCodeCache } from '../../scripts/lambda/code-cache.js';
import { PACKAGE_FOLDER } from '../../scripts/lambda/package.js';

const ROOT = join(import.meta.dirname, '../..');
const LOADER = join(ROOT, 'scripts/lambda/loader.mjs');
const PLAIN_LOADER = join(import.meta.dirname, 'plain-loader.mjs');

/** Something that handles events: a folder with a `lambda` module in it that exports `handler`. */
export interface Contestant {
  readonly name: string;
  readonly folder: string;
  /** The file to load, in the folder. */
  readonly file: string;
  /** What of its configuration is its own. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Everything that is measured, made ready for one Node and its arguments: a code cache is of no use to another. */
export interface Contestants {
  readonly bare: Contestant;
  readonly bareCached: Contestant;
  readonly express: Contestant;
  readonly artefact: Contestant;
  readonly artefactUncached: Contestant;
  readonly unbundled: Contestant;
}

/** Builds the package anew, so that nothing old is measured. */
export function buildPackage(): void {
  const build = ['--import', '@swc-node/register/esm-register', 'scripts/build-lambda.ts'];
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Makes the contestants from the package in build/lambda and the handlers beside this file. */
export async function makeContestants(
  node: string,
  nodeArguments: readonly string[],
  label: string,
): Promise<Contestants> {
  const home = join(ROOT, 'build/bench', label);
  await rm(home, { recursive: true, force: true });
  const at = async (name: string, folder: string, loader = LOADER) => {
    await mkdir(join(home, folder), { recursive: true });
    await cp(loader, join(home, folder, 'lambda.mjs'));
    return { name, folder: join(home, folder), file: 'lambda.mjs' };
  };
  const bare = await at('bare handler', 'bare', PLAIN_LOADER);
  const bareCached = await at('bare handler, code cache', 'bare-cached');
  const express = await at('express, code cache', 'express');
  const artefact = await at('artefact', 'artefact');
  const artefactUncached = await at('artefact, no code cache', 'artefact-uncached', PLAIN_LOADER);
  const mapFolder = join(home, 'maps');
  await mkdir(mapFolder);
  for (const [{ folder }, handler] of [
    [bareCached, 'bare-handler'],
    [express, 'express-handler'],
  ] as const) {
    const entries = { lambda: join(import.meta.dirname, `${handler}.ts`) };
    await bundleHandlers({ entries, outfile: join(folder, 'app.js'), mapFolder });
    await writeCodeCache(folder, node, { nodeArguments, readsSecret: false });
  }
  await cp(join(bareCached.folder, 'app.js'), join(bare.folder, 'app.js'));
  for (const { folder } of [artefact, artefactUncached]) {
    await cp(join(ROOT, PACKAGE_FOLDER, 'app.js'), join(folder, 'app.js'));
  }
  await writeCodeCache(artefact.folder, node, { nodeArguments });
  const unbundled = { name: 'unbundled app', folder: join(ROOT, `${PACKAGE_FOLDER}-tsc`), file: 'lambda.js' };
  return { bare, bareCached, express, artefact, artefactUncached, unbundled };
}
