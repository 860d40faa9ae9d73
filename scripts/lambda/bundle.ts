import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Our own files that must not be on Lambda: local mode, the description of the API, tests, benches and docs. */
const OWN_FILES_LEFT_OUT = /(^|\/)(local|openapi|playground|test|docs|bench|events)\/|\.(e2e-)?spec\.|(^|\/)main\./;

/**
 * Modules that are required on demand, but never in this app.
 * - Nest's adapters and validators: the app passes its own.
 * - The colours of `debug`: only development installs them.
 * - The tables of East Asian encodings: such a body is refused before it is parsed.
 */
const NEVER_LOADED =
  /^(@nestjs\/(microservices|websockets|platform-express)(\/.*)?|class-validator|class-transformer|supports-color|\.\/tables\/.*\.json)$/;

/** Modules without side effects, although their packages do not declare it. The bundle drops unused ones. */
const WITHOUT_SIDE_EFFECTS = /node_modules\/@nestjs\/(common|core|platform-express)\//;
/** Indexes of folders of Nest. esbuild keeps them only if it keeps all modules of the package. */
const INNER_INDEX = /node_modules\/@nestjs\/(common|core|platform-express)\/.+\/index\.js$/;

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

export interface BundleRequest {
  /** Handlers by the names of the package's entries. The files come from tsc, since esbuild emits no decorator metadata. */
  readonly entries: Readonly<Record<string, string>>;
  readonly outfile: string;
  /** Folder of the source map, which is not part of the package. */
  readonly mapFolder: string;
}

/**
 * Bundles handlers into one script, so that shared modules are evaluated once.
 * The script is a function `(exports, require, module)`, which the loader calls. It exports each entry under its name.
 * The same input gives the same bytes.
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
    // Identifiers are kept, because errors and log lines use class names. `keepNames` would cost 4 % of a start.
    minifyWhitespace: true,
    minifySyntax: true,
    mainFields: ['module', 'main'],
    // `import()` does not work in a script with a code cache, so it becomes `require`.
    supported: { 'dynamic-import': false },
    alias: { rxjs: findRxjsModule('index.js'), 'rxjs/operators': findRxjsModule('operators/index.js') },
    // Nest creates two date formats while it loads, and the first of a process takes 12 ms.
    define: { 'Intl.DateTimeFormat': 'DateTimeFormatOnUse' },
    inject: [join(import.meta.dirname, 'date-time-format.mjs')],
    banner: { js: '(function (exports, require, module) {' },
    footer: { js: '})' },
    sourcemap: 'external',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [lean, usedCommands, usedMediaTypes],
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

/**
 * Replaces an SDK client by the clients and commands that a module of ours imports from it. esbuild keeps all commands
 * of a client that is loaded on demand, and each start would evaluate them.
 */
const usedCommands: Plugin = {
  name: 'used-commands',
  setup(builder) {
    builder.onResolve({ filter: /^@aws-sdk\/client-/ }, async ({ path, importer, pluginData, ...rest }) => {
      if (pluginData === usedCommands.name || importer.includes('node_modules')) return undefined;
      const names = findImportedNames(await readFile(importer, 'utf8'), path);
      // An import of the whole client has no names.
      if (names.length === 0 || !names.every((name) => /^\w+(Client|Command)$/.test(name))) return undefined;
      const index = await builder.resolve(path, { ...rest, importer, pluginData: usedCommands.name });
      return {
        path: `${path}#${names.join()}`,
        namespace: usedCommands.name,
        pluginData: { names, index: index.path },
      };
    });
    builder.onLoad({ filter: /.*/, namespace: usedCommands.name }, ({ pluginData }) => {
      const { names, index } = pluginData as { readonly names: readonly string[]; readonly index: string };
      const lines = names.map((name) => {
        const file = name.endsWith('Command') ? `./commands/${name}.js` : `./${name}.js`;
        return `export { ${name} } from '${file}';`;
      });
      return { contents: lines.join('\n'), resolveDir: dirname(index) };
    });
  },
};

/** Media types that Express looks up for the app. */
const MEDIA_TYPES = new Set([
  'application/json',
  'application/octet-stream',
  'text/event-stream',
  'text/html',
  'text/plain',
]);

/** Replaces the table of all media types, because its index of 2,500 entries takes 3 ms of each start. */
const usedMediaTypes: Plugin = {
  name: 'used-media-types',
  setup(builder) {
    builder.onLoad({ filter: /node_modules\/mime-db\/db\.json$/ }, async ({ path }) => {
      const table = Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>);
      const used = Object.fromEntries(table.filter(([type]) => MEDIA_TYPES.has(type)));
      return { contents: JSON.stringify(used), loader: 'json' };
    });
  },
};

/** Lists the names that a compiled module imports from a package, statically or on demand. */
function findImportedNames(source: string, from: string): string[] {
  const imports = source.matchAll(/\{([^{}]*)\} (?:from|= await import\() ?'([^']+)'/g);
  return [...imports].flatMap(([, names = '', path]) =>
    path === from ? names.split(',').flatMap((name) => name.trim() || []) : [],
  );
}

/** Finds the ES module build of rxjs. Node resolves to its CommonJS build, which cannot be tree-shaken. */
function findRxjsModule(path: string): string {
  const main = createRequire(import.meta.url).resolve('rxjs');
  return resolve(dirname(main), '../esm', path);
}

/**
 * @throws Error when the bundle contains local mode, tests, docs or a package that `npm ci --omit=dev` does not install.
 *   Also when it keeps modules of Nest without a use.
 */
export function assertLean({ inputs, outputs }: Pick<Metafile, 'inputs' | 'outputs'>): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
  const unwanted = Object.keys(inputs).filter((path) => {
    const [installed] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path) ?? [];
    return installed === undefined
      ? OWN_FILES_LEFT_OUT.test(path)
      : packages[installed] === undefined || packages[installed].dev === true;
  });
  if (unwanted.length > 0) throw new Error(`The package must not contain ${unwanted.join(', ')}`);
  const [unused] = Object.values(outputs).flatMap((output) =>
    Object.keys(output.inputs).filter((path) => INNER_INDEX.test(path)),
  );
  if (unused !== undefined) {
    throw new Error(`The package keeps ${unused}. Does a module that is loaded on demand import Nest?`);
  }
}
