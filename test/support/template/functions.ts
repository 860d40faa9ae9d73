import type { Properties, Template, Value } from '../../../scripts/template/template.js';
import { asMap, isList } from './values.js';

/** Returns the functions of a template by their logical ids, with the properties of `Globals`. */
export function functionsOf({ Globals, Resources }: Template): Readonly<Record<string, Properties>> {
  const functions = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Serverless::Function');
  return Object.fromEntries(
    functions.map(([name, { Properties }]) => [name, asMap(merged(Globals?.Function ?? {}, Properties))]),
  );
}

/** The function that no request reaches. */
export const SWEEP_FUNCTION = 'SweepFunction';

/** Returns the functions behind the API. */
export function requestFunctionsOf(template: Template): Readonly<Record<string, Properties>> {
  const { [SWEEP_FUNCTION]: _, ...others } = functionsOf(template);
  return others;
}

/** The environment of a function. */
export function variablesOf(properties: Properties | undefined): Readonly<Record<string, Value>> {
  return asMap(asMap(properties?.['Environment'])['Variables']);
}

/**
 * Merges as SAM does: maps by their keys, and lists one after another. For other values the function's own counts, and
 * functions such as `!If` are values.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
 */
function merged(common: Value, own: Value | undefined): Value {
  if (own === undefined) return common;
  if (common === null || own === null || typeof common !== 'object' || typeof own !== 'object') return own;
  if (isIntrinsic(common) || isIntrinsic(own)) return own;
  if (isList(common) || isList(own)) return isList(common) && isList(own) ? [...common, ...own] : own;
  const shared = Object.entries(common).map(([key, value]) => [key, merged(value, asMap(own)[key])]);
  return { ...own, ...(Object.fromEntries(shared) as Properties) };
}

function isIntrinsic(value: object): boolean {
  const [name = '', ...more] = Object.keys(value);
  return more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
}
