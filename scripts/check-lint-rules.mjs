/**
 * Proves that the linter keeps the rules of the house: plants what each of them forbids, and what it allows, in a
 * folder of its own under the real configuration, and compares what oxlint says with what it should.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importRules } from './import-rules.mjs';
import { rules } from './lint-cases.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLEAN = { file: 'src/aws/clean.ts', code: '/** One. */\nexport const one = 1;' };

/** Puts the cases into their files and notes in which lines each stands. */
function plant(folder) {
  const files = new Map();
  const cases = rules.flatMap(({ rule, says, refused, passed }) => [
    ...refused.map(([file, code]) => ({ file, code, says, rule, refused: true })),
    ...passed.map(([file, code]) => ({ file, code, says, rule, refused: false })),
  ]);
  for (const planted of [...cases, CLEAN]) {
    const above = files.get(planted.file) ?? [];
    planted.from = above.length + 1;
    files.set(planted.file, [...above, ...planted.code.split('\n')]);
    planted.to = files.get(planted.file).length;
  }
  for (const [file, lines] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
  }
  return cases;
}

function lint(folder, ...paths) {
  const oxlint = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 1e8 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format=json', ...paths], options);
  if (!stdout.startsWith('{')) throw new Error(`oxlint gave no report: ${stdout}${stderr}`);
  const diagnostics = JSON.parse(stdout).diagnostics.map(({ code, filename, labels }) => ({
    code,
    file: filename.replaceAll('\\', '/'),
    line: labels[0]?.span.line ?? 1,
  }));
  return { status, diagnostics };
}

/** What is wrong with the linter's answer to this case, or undefined. */
function verdict({ file, from, to, code, rule, refused }, diagnostics) {
  const fired = diagnostics.some(
    (found) => found.code === rule && found.file === file && found.line >= from && found.line <= to,
  );
  return fired === refused ? undefined : `${refused ? 'not refused' : 'refused'}: ${file}: ${code.split('\n', 1)[0]}`;
}

/** Every file that the table of imports names must exist: a renamed one would fall out of its row in silence. */
function missingFiles() {
  const named = importRules.flatMap(({ files, may, never, types = [] }) => [...files, ...may, ...never, ...types]);
  const ours = named.filter((name) => !name.includes('*') && /^(chat|auth)\/|^[a-z.-]+$/.test(name));
  const packages = new Set(readdirSync(join(ROOT, 'node_modules')));
  return [...new Set(ours)].filter((name) => !packages.has(name) && !existsSync(join(ROOT, 'src', `${name}.ts`)));
}

const folder = mkdtempSync(join(tmpdir(), 'lint-rules-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'scripts']) {
  cpSync(join(ROOT, name), join(folder, name), { recursive: true });
}
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
const cases = plant(folder);
const { status, diagnostics } = lint(folder);
const clean = lint(folder, CLEAN.file);

let failed = 0;
const report = (says, problems) => {
  if (problems.length > 0) failed += 1;
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${says}`);
  for (const problem of problems) console.log(`     ${problem}`);
};
for (const { says, rule, refused, passed } of rules) {
  const problems = cases.filter((planted) => planted.says === says).map((planted) => verdict(planted, diagnostics));
  report(`${says} [${rule}: ${refused.length} refused, ${passed.length} passed]`, problems.filter(Boolean));
}
report('a planted fault makes oxlint fail', status === 1 ? [] : [`it ended with ${status}`]);
report('a clean file lets it pass', clean.status === 0 ? [] : [`it ended with ${clean.status}`]);
report('the table of imports names files that exist', missingFiles());
console.log(`${rules.length + 3 - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
