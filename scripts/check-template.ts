import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseTemplate } from './template/template.js';
import { hasTransform, transformed } from './template/transform.js';

/**
 * What others say of template.yaml, offline: cfn-lint, and the transform of SAM that CloudFormation runs. What they
 * miss is in test/template/template.e2e-spec.ts. Both are Python, and skipped aloud where they are not installed.
 */
const TEMPLATE = 'template.yaml';

function skip(check: string, missing: string): void {
  console.warn(`!!! SKIPPED: ${check}: ${missing} is not installed`);
}

function lint(): void {
  if (spawnSync('cfn-lint', ['--version'], { stdio: 'ignore' }).status !== 0) return skip('cfn-lint', 'cfn-lint');
  execFileSync('cfn-lint', ['--include-checks', 'I', '--', TEMPLATE], { stdio: 'inherit' });
  console.log(`cfn-lint finds nothing in ${TEMPLATE}`);
}

function transform(): void {
  if (!hasTransform()) return skip('the transform of SAM', 'aws-sam-translator');
  const { Resources } = transformed(parseTemplate(readFileSync(TEMPLATE, 'utf8')));
  const types = Object.values(Resources).map(({ Type }) => Type);
  console.log(`The transform of SAM makes ${types.length} resources: ${[...new Set(types)].toSorted().join(', ')}`);
}

try {
  lint();
  transform();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
