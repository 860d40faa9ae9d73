/**
 * Proves that the linters keep the rules of the house. It adds the cases of lint-cases.mjs to a copy of the tree, and
 * compares what the linters say with what they should say. Every rule of .dependency-cruiser.mjs must have a case.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import configuration from '../.dependency-cruiser.mjs';
import { passed, refusedCode, refusedImports } from './lint-cases.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TREE = ['.oxlintrc.json', '.dependency-cruiser.mjs', 'tsconfig.json', 'package.json', 'scripts', 'src', 'test'];
const OXLINT = ['oxlint/bin/oxlint', '--format=json'];
const CRUISER = ['dependency-cruiser/bin/dependency-cruise.mjs', '--output-type=json', 'src'];

const folder = mkdtempSync(join(tmpdir(), 'lint-rules-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** The report of a linter on the copy, as JSON. */
function lint([program, ...options]) {
  const command = [join(ROOT, 'node_modules', program), ...options];
  const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8', maxBuffer: 1e9 });
  if (!stdout.startsWith('{')) throw new Error(`${program} gave no report: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

for (const name of TREE) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
for (const [file, code] of [...refusedImports, ...refusedCode, ...passed]) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  appendFileSync(join(folder, file), `\n${code}\n`);
}
const found = [
  ...lint(OXLINT).diagnostics.map(({ code, filename }) => [filename.replaceAll('\\', '/'), code]),
  ...lint(CRUISER).summary.violations.map(({ from, rule }) => [from, rule.name]),
];
const says = (file, rule) => found.some(([place, name]) => place === file && name === rule);

const problems = [
  ...[...refusedImports, ...refusedCode].flatMap(([file, code, rule]) =>
    says(file, rule) ? [] : [`${rule} does not refuse ${file}: ${code.split('\n', 1)[0]}`],
  ),
  ...passed.flatMap(([file]) => found.flatMap(([place, rule]) => (place === file ? [`${rule} refuses ${file}`] : []))),
  ...configuration.forbidden.flatMap(({ name }) =>
    refusedImports.some(([, , rule]) => rule === name) ? [] : [`${name} has no case`],
  ),
];
for (const problem of problems) console.log(problem);
const rules = new Set([...refusedImports, ...refusedCode].map(([, , rule]) => rule)).size;
console.log(`${rules} rules, ${refusedImports.length + refusedCode.length} cases refused, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
