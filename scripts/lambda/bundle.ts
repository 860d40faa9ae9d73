import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** What of ours has no business on Lambda: local mode, tests and their like. */
const OF_OURS = /(^|\/)(local|test|docs|bench|events)\/|\.(e2e-)?spec\.|(^|\/)main\./;

/**
 * What is required when it is asked for, and never is: parts of Nest, because the app names its adapter and its
 * validator; the colours of `debug`, which only the development has; and the characters of East Asian encodings, in
 * which no body comes as far as its parser.
 */
const NEVER_LOADED =
  /^(@nestjs\/(microservices|websockets|platform-express)(\/.*)?|class-validator|class-transformer|supports-color|\.\/tables\/.*\.json)$/;

/** Modules that only define things, though their packages do not say so: what nobody imports may go. */
const WITHOUT_SIDE_EFFECTS = /node_modules\/@nestjs\/(common|core|platform-express)\//;

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

export interface BundleRequest {
  /**
   * The files of the handlers by the names of the package's entries. JavaScript as tsc writes it: the metadata of the
   * decorators is in there, and esbuild could not make it.
   */
  readonly entries: Readonly<Record<string, string>>;
  readonly outfile: string;
  /** Where the source map goes: it is not part of the package. */
  readonly mapFolder: string;
}

/**
 * Bundles handlers into one script that evaluates to the body of a CommonJS module, `(exports, require, module) => …`,
 * to be called by the loader; it exports the module of each entry under its name. What they share is in there, and
 * evaluated, once. The same input gives the same bytes.
 */
export async function bundleHandlers({ entries, outfile, mapFolder }: BundleRequest): Promise<Metafile> {
  const modules = Object.entries(entries).map(
    ([name, file]) => `export * as '${name}' from ${JSON.stringify(resolve(file))};`,
  );
  const { metafile, outputFiles } = await build({
    stdin: { contents: modules.join('\n'), resolveDir: process.cwd() },
    outfile,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Identifiers stay: errors and log lines are called by the names of classes, and to keep those beside short
    // identifiers takes a call for each function, which is 4 % of a start.
    minifyWhitespace: true,
    minifySyntax: true,
    mainFields: ['module', 'main'],
    // A script that is run from a code cache has nobody to answer its `import()`: they become `require`.
    supported: { 'dynamic-import': false },
    alias: { rxjs: rxjsModule('index.js'), 'rxjs/operators': rxjsModule('operators/index.js') },
    // Nest makes two formats of dates while it loads, for lines for people, and each process pays 12 ms for the first.
    define: { 'Intl.DateTimeFormat': 'DateTimeFormatOnUse' },
    inject: [join(import.meta.dirname, 'date-time-format.mjs')],
    banner: { js: '(function (exports, require, module) {' },
    footer: { js: '})' },
    sourcemap: 'external',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [lean],
  });
  for (const { path, contents } of outputFiles) {
    await writeFile(path.endsWith('.map') ? join(mapFolder, basename(path)) : path, contents);
  }
  return metafile;
}

const lean: Plugin = {
  name: 'lean',
  setup(builder) {
    builder.onResolve({ filter: NEVER_LOADED }, ({ kind, path }) =>
      kind === 'dynamic-import' || kind === 'require-call' ? { path, external: true } : undefined,
    );
    builder.onResolve({ filter: /^(@nestjs|\.)/ }, async ({ path, pluginData, ...rest }) => {
      const asked = pluginData === lean.name;
      const nest = path.startsWith('@') || WITHOUT_SIDE_EFFECTS.test(rest.importer);
      if (asked || !nest) return undefined;
      const found = await builder.resolve(path, { ...rest, pluginData: lean.name });
      return WITHOUT_SIDE_EFFECTS.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** rxjs gives Node its CommonJS build, of which all has to be loaded; its other build leaves out what is not used. */
function rxjsModule(path: string): string {
  const main = createRequire(import.meta.url).resolve('rxjs');
  return resolve(dirname(main), '../esm', path);
}

/**
 * @throws Error when something is in the bundle that has no business on Lambda: local mode, tests and their like of
 * ours, and packages that `npm ci --omit=dev` would not install.
 */
export function assertLean({ inputs }: Pick<Metafile, 'inputs'>): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
  const strangers = Object.keys(inputs).filter((path) => {
    const [installed] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return installed === undefined
      ? OF_OURS.test(path)
      : packages[installed] === undefined || packages[installed].dev === true;
  });
  if (strangers.length > 0) throw new Error(`The package must not contain ${strangers.join(', ')}`);
}
