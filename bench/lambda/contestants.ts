import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleHandlers } from '../../scripts/lambda/bundle.js';
import { writeCodeCache } from '../../scripts/lambda/code-cache.js';
import { PACKAGE_FOLDER } from '../../scripts/lambda/package.js';

const ROOT = join(import.meta.dirname, '../..');

/** Something that handles events: a folder with a `lambda` module in it that exports `handler`. */
export interface Contestant {
  readonly name: string;
  readonly folder: string;
  /** The file to load, in the folder. */
  readonly file: string;
}

/** Everything that is measured, made ready for one Node: its code caches are of no use to another. */
export interface Contestants {
  readonly bare: Contestant;
  readonly bareCached: Contestant;
  readonly express: Contestant;
  readonly artefact: Contestant;
  readonly artefactUncached: Contestant;
  readonly unbundled: Contestant;
}

/** Makes the contestants from the package in build/lambda and the handlers beside this file. */
export async function makeContestants(node: string, label: string): Promise<Contestants> {
  const home = join(ROOT, 'build/bench', label);
  await rm(home, { recursive: true, force: true });
  const at = async (name: string, folder: string) => {
    await mkdir(join(home, folder), { recursive: true });
    return { name, folder: join(home, folder), file: 'lambda.mjs' };
  };
  const bareCached = await at('bare handler, code cache', 'bare-cached');
  const express = await at('express, code cache', 'express');
  const artefact = await at('artefact', 'artefact');
  const artefactUncached = await at('artefact, no code cache', 'artefact-uncached');
  const bare = await at('bare handler', 'bare');
  for (const [{ folder }, handler] of [
    [bareCached, 'bare-handler'],
    [express, 'express-handler'],
  ] as const) {
    const mapFolder = join(home, 'maps');
    await mkdir(mapFolder, { recursive: true });
    await bundleHandlers({
      entries: { lambda: join(import.meta.dirname, `${handler}.ts`) },
      outfile: join(folder, 'app.js'),
      mapFolder,
    });
    await cp(join(ROOT, 'scripts/lambda/loader.mjs'), join(folder, 'lambda.mjs'));
  }
  await cp(bareCached.folder, bare.folder, { recursive: true });
  await cp(join(ROOT, PACKAGE_FOLDER), artefact.folder, { recursive: true });
  await cp(artefact.folder, artefactUncached.folder, { recursive: true });
  await rm(join(artefactUncached.folder, 'app.cache'));
  for (const { folder } of [bareCached, express, artefact]) await writeCodeCache(folder, node);
  const unbundled = { name: 'unbundled app', folder: join(ROOT, 'build/lambda-tsc'), file: 'lambda.js' };
  return { bare, bareCached, express, artefact, artefactUncached, unbundled };
}
