import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Properties, Template } from './template.js';

/** A template after the SAM transform. */
export interface TransformedTemplate {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Condition?: string; readonly Properties: Properties }>
  >;
}

/** Whether the transform can run here. It is the Python package `aws-sam-translator`. */
export function hasTransform(): boolean {
  return spawnSync('python3', ['-c', 'import samtranslator'], { stdio: 'ignore' }).status === 0;
}

/**
 * Runs the SAM transform offline, as CloudFormation does.
 *
 * @throws Error with the reasons when the transform refuses the template.
 */
export function transformTemplate(template: Template): TransformedTemplate {
  const json = execFileSync('python3', [join(import.meta.dirname, 'transform.py')], {
    input: JSON.stringify(template),
    encoding: 'utf8',
    maxBuffer: 10_000_000,
    stdio: 'pipe',
  });
  return JSON.parse(json) as TransformedTemplate;
}
