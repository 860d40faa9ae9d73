import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseTemplate } from './template/template.js';
import { hasTransform, transformTemplates } from './template/transform.js';

/**
 * `npm run check:template`: checks template.yaml with cfn-lint and with the SAM transform of CloudFormation, offline.
 * Both are Python packages; a line says if one is missing. test/template has more checks.
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
  if (!hasTransform()) return skip('the SAM transform', 'aws-sam-translator');
  const results = transformTemplates([parseTemplate(readFileSync(TEMPLATE, 'utf8'))]);
  const types = results.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
  console.log(`The SAM transform makes ${types.length} resources: ${[...new Set(types)].toSorted().join(', ')}`);
}

try {
  lint();
  transform();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
