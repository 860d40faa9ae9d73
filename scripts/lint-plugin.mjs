import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importRules } from './import-rules.mjs';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
const PACKAGE = /^(node:)?(@[a-z\d-]+\/)?[a-z\d][\w.-]*(\/[\w.-]+)*$/;

const isRelative = (name) => /^\.{1,2}(\/|$)/.test(name);
const matches = (patterns, path) => patterns.some((pattern) => globToRegExp(pattern).test(path));

/** `**` is any path, `*` any name, or a part of one. */
function globToRegExp(glob) {
  const body = glob
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*');
  return new RegExp(`^${body.replaceAll('\0', '.*')}$`);
}

/** The path of a file under src, without its ending. */
function pathUnderSource(file) {
  return relative(SOURCE, file)
    .split(sep)
    .join('/')
    .replace(/\.(ts|js)$/, '');
}

/** What is wrong with the spelling of a module's name, or undefined. */
function spellingProblem(name) {
  if (typeof name !== 'string') return 'Name the module in a plain string, so that it can be checked.';
  if (/^(node:)?process$/.test(name)) return 'Use the global `process`, where the rule on `process.env` can see it.';
  if (isRelative(name)) {
    if (/(^|\/)index\.js$/.test(name)) return 'No barrels: import the file that declares what you need.';
    return /\.(js|json)$/.test(name) ? undefined : 'Name the file itself, with `.js`.';
  }
  return PACKAGE.test(name) && !name.startsWith('src/') ? undefined : 'No path aliases: import by relative path.';
}

/** What the table has against this import, or undefined. */
function directionProblem(name, importer, isType) {
  const rule = importRules.find(({ files }) => matches(files, pathUnderSource(importer)));
  const target = isRelative(name) ? pathUnderSource(resolve(dirname(importer), name)) : name;
  const allowed = isRelative(name) ? matches(rule.may, target) && !target.startsWith('..') : true;
  if (isType && matches(rule.types ?? [], target)) return undefined;
  return allowed && !matches(rule.never, target) ? undefined : rule.why;
}

const imports = {
  create(context) {
    const check = (node) => {
      if (!node.source) return;
      const name = node.source.value;
      const isType = node.importKind === 'type' || node.exportKind === 'type';
      const message = spellingProblem(name) ?? directionProblem(name, context.filename, isType);
      if (message) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: (node) => context.report({ node, message: 'Import the type at the top of the file.' }),
    };
  },
};

export default { meta: { name: 'house' }, rules: { imports } };
