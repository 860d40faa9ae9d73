import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Properties, Template } from './template.js';

/** What CloudFormation gets of a template. */
export interface Transformed {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Condition?: string; readonly Properties: Properties }>
  >;
}

/** Whether the transform can run here: it is Python, and the package `aws-sam-translator`. */
export function hasTransform(): boolean {
  return spawnSync('python3', ['-c', 'import samtranslator'], { stdio: 'ignore' }).status === 0;
}

/**
 * Does what CloudFormation does with a template of SAM, offline.
 *
 * @throws Error with the reasons, when the transform refuses the template.
 */
export function transformed(template: Template): Transformed {
  const json = execFileSync('python3', [join(import.meta.dirname, 'transform.py')], {
    input: JSON.stringify(template),
    encoding: 'utf8',
    maxBuffer: 10_000_000,
    stdio: 'pipe',
  });
  return JSON.parse(json) as Transformed;
}
