// The hooks of typescript.mjs. Node calls them in a thread of their own.
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';
import { SWC_OPTIONS } from './swc-options.mjs';

/** As in TypeScript, a file in TypeScript imports another one by the name of its output. */
export function resolve(specifier, context, nextResolve) {
  const isOwn = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
  return nextResolve(isOwn ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transformFile(fileURLToPath(url), SWC_OPTIONS);
  return { format: 'module', source: code, shortCircuit: true };
}
