/**
 * The part of the import rules that oxlint has no rule of its own for. `no-restricted-imports` reads plain strings
 * as they are written: what is spelled in another way would pass it unseen.
 */

const RELATIVE = /^(\.\/|(\.\.\/)+)([\w-][\w.-]*\/)*[\w-][\w.-]*\.(js|json)$/;
const PACKAGE = /^(node:)?(@[a-z\d-]+\/)?[a-z\d][\w.-]*(\/[\w.-]+)*$/;

/** What is wrong with the spelling of a module's name, or undefined. */
function problem(name) {
  if (typeof name !== 'string') return 'Name the module in a plain string, where the import rules can see it.';
  if (/^(node:)?process$/.test(name)) return 'Use the global `process`, where the rule on `process.env` can see it.';
  if (/(^|\/)index\.js$/.test(name)) return 'No barrels: import the file that declares what you need.';
  if (/^\.{1,2}(\/|$)/.test(name)) return RELATIVE.test(name) ? undefined : 'Name the file directly, with `.js`.';
  return PACKAGE.test(name) && !name.startsWith('src/') ? undefined : 'No path aliases: import by relative path.';
}

const plainImports = {
  create(context) {
    const check = (node) => {
      if (!node.source) return;
      const message = problem(node.source.value);
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

export default { meta: { name: 'house' }, rules: { 'plain-imports': plainImports } };
