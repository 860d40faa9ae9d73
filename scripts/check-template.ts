import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTemplate } from './template/template.js';

/**
 * What others say of template.yaml, offline: cfn-lint, and the transform of SAM that CloudFormation runs. What they
 * miss is in test/template.e2e-spec.ts. Both are Python, and skipped aloud where they are not installed.
 */
const TEMPLATE = 'template.yaml';

interface Transformed {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;
}

function isInstalled(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function skip(check: string, missing: string): void {
  console.warn(`!!! SKIPPED: ${check}: ${missing} is not installed`);
}

function lint(): void {
  if (!isInstalled('cfn-lint', ['--version'])) return skip('cfn-lint', 'cfn-lint');
  execFileSync('cfn-lint', ['--include-checks', 'I', '--', TEMPLATE], { stdio: 'inherit' });
  console.log(`cfn-lint finds nothing in ${TEMPLATE}`);
}

function transform(): void {
  if (!isInstalled('python3', ['-c', 'import samtranslator']))
    return skip('the transform of SAM', 'aws-sam-translator');
  const json = execFileSync('python3', [join(import.meta.dirname, 'template/transform.py')], {
    input: JSON.stringify(parseTemplate(readFileSync(TEMPLATE, 'utf8'))),
    encoding: 'utf8',
    maxBuffer: 10_000_000,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { Resources } = JSON.parse(json) as Transformed;
  const types = Object.values(Resources).map(({ Type }) => Type);
  console.log(`The transform of SAM makes ${types.length} resources: ${[...new Set(types)].toSorted().join(', ')}`);
}

try {
  lint();
  transform();
} catch {
  // The tools have said why.
  process.exitCode = 1;
}
