import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { DOCUMENT } from './api-document.js';

const REF = '#/components/schemas/';

/**
 * Checks with the schemas of the document, stricter than a client: a field that is not described is refused. Each schema
 * is compiled when it is first needed.
 */
const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  // Compiling the schema of schemas takes longer than all the rest. Another test checks the document.
  meta: false,
  validateSchema: false,
  // Times have a pattern, too.
  formats: { 'date-time': true },
});
const STRICT = toStrict(DOCUMENT);
for (const [name, schema] of Object.entries(STRICT.components.schemas)) ajv.addSchema(schema, name);
const compiled = new Map<string, ValidateFunction>();

/**
 * Lists how a value differs from a schema of the document.
 *
 * @param path - where the schema is in the document, such as `['components', 'schemas', 'Chat']`.
 */
export function listSchemaErrors(path: readonly string[], value: unknown): string[] {
  const key = path.join(' ');
  const check = compiled.get(key) ?? ajv.compile(findSchema(path));
  compiled.set(key, check);
  if (check(value)) return [];
  return (check.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function findSchema(path: readonly string[]): object {
  const found = path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], STRICT);
  if (typeof found !== 'object' || found === null) throw new Error(`openapi.json has no schema at ${path.join(' ')}`);
  return found;
}

/** A copy in which no described object may have other fields. References are names, by which Ajv knows the schemas. */
function toStrict<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toStrict) as T;
  const members = Object.entries(value).map(([name, member]) =>
    name === '$ref' ? [name, String(member).replace(REF, '')] : [name, toStrict(member)],
  );
  const isObject = 'type' in value && value.type === 'object';
  return { ...(isObject && { additionalProperties: false }), ...Object.fromEntries(members) } as T;
}
