import { execFileSync } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleHandlers } from '../../scripts/lambda/bundle.js';
import { writeCodeCache } from '../../scripts/lambda/code-cache.js';
import type { AgentKind } from '../../scripts/lambda/local-agents.js';
import { PACKAGE_FOLDER } from '../../scripts/lambda/package.js';

const ROOT = join(import.meta.dirname, '../..');
const LOADER = join(ROOT, 'scripts/lambda/loader.mjs');
const PLAIN_LOADER = join(import.meta.dirname, 'plain-loader.mjs');

/** A folder with a module that exports `handler`. */
export interface Contestant {
  readonly name: string;
  readonly folder: string;
  /** The module, relative to the folder. */
  readonly file: string;
  /** Variables that only this contestant gets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The kind of agent that it asks; Bedrock Agents by default. */
  readonly agent?: AgentKind;
}

/** The contestants for one Node and its arguments. V8 accepts a code cache for these only. */
export interface Contestants {
  readonly bare: Contestant;
  readonly bareCached: Contestant;
  readonly express: Contestant;
  readonly artefact: Contestant;
  /** The same package with the other kinds of agents. */
  readonly harness: Contestant;
  readonly converse: Contestant;
  /** A package of another commit; undefined if none was named. */
  readonly before: Contestant | undefined;
  readonly artefactUncached: Contestant;
  readonly unbundled: Contestant;
}

/** Builds the package, so that the current code is measured. */
export function buildPackage(): void {
  const build = ['--import', './scripts/typescript.mjs', 'scripts/build-lambda.ts'];
  execFileSync(process.execPath, build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Makes the contestants from the package in build/lambda and the handlers of this folder. */
export async function makeContestants(
  node: string,
  nodeArguments: readonly string[],
  label: string,
  packageBefore?: string,
): Promise<Contestants> {
  const home = join(ROOT, 'build/bench', label);
  await rm(home, { recursive: true, force: true });
  const create = async (name: string, folder: string, loader = LOADER) => {
    await mkdir(join(home, folder), { recursive: true });
    await cp(loader, join(home, folder, 'lambda.mjs'));
    return { name, folder: join(home, folder), file: 'lambda.mjs' };
  };
  const bare = await create('bare handler', 'bare', PLAIN_LOADER);
  const bareCached = await create('bare handler, code cache', 'bare-cached');
  const express = await create('express, code cache', 'express');
  const artefact = await create('artefact', 'artefact');
  const artefactUncached = await create('artefact, no code cache', 'artefact-uncached', PLAIN_LOADER);
  const mapFolder = join(home, 'maps');
  await mkdir(mapFolder);
  for (const [{ folder }, handler] of [
    [bareCached, 'bare-handler'],
    [express, 'express-handler'],
  ] as const) {
    const entries = { lambda: join(import.meta.dirname, `${handler}.ts`) };
    await bundleHandlers({ entries, outfile: join(folder, 'app.js'), mapFolder });
    await writeCodeCache(folder, node, { nodeArguments, readsSecret: false, agents: ['bedrock-agent'] });
  }
  await cp(join(bareCached.folder, 'app.js'), join(bare.folder, 'app.js'));
  for (const { folder } of [artefact, artefactUncached]) {
    await cp(join(ROOT, PACKAGE_FOLDER, 'app.js'), join(folder, 'app.js'));
  }
  await writeCodeCache(artefact.folder, node, { nodeArguments });
  const harness = { ...artefact, name: 'artefact, harness', agent: 'harness' } as const;
  const converse = { ...artefact, name: 'artefact, converse', agent: 'converse' } as const;
  const before = packageBefore === undefined ? undefined : await create('artefact before', 'before');
  if (before && packageBefore !== undefined) {
    await cp(join(packageBefore, 'app.js'), join(before.folder, 'app.js'));
    await writeCodeCache(before.folder, node, { nodeArguments, agents: ['bedrock-agent'] });
  }
  // The runtime client would take the folder `lambda` beside the compiled lambda.js for the module.
  const unbundled = { name: 'unbundled app', folder: join(home, 'unbundled'), file: 'lambda.mjs' };
  const compiled = pathToFileURL(join(ROOT, `${PACKAGE_FOLDER}-tsc`, 'lambda.js')).href;
  await mkdir(unbundled.folder);
  await writeFile(join(unbundled.folder, unbundled.file), `export { handler } from '${compiled}';\n`);
  return { bare, bareCached, express, artefact, harness, converse, before, artefactUncached, unbundled };
}
