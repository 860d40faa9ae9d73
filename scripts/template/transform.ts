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
 * @returns the results in the order of the templates.
 * @throws Error with the reasons when the transform refuses a template.
 */
export function transformTemplates(templates: readonly Template[]): TransformedTemplate[] {
  const json = execFileSync('python3', [join(import.meta.dirname, 'transform.py')], {
    input: JSON.stringify(templates),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
    stdio: 'pipe',
  });
  return JSON.parse(json) as TransformedTemplate[];
}
