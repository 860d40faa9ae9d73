import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** @typedef {Readonly<Record<string, unknown>>} Json */

const REF = '#/components/schemas/';
/** @type {Map<string, import('ajv').ValidateFunction>} */
const compiled = new Map();
/** @type {{ ajv: Ajv2020, document: Json } | undefined} */
let loaded;

/**
 * Lists how a value differs from a schema of openapi.json. The schemas are stricter than for a client: a field that is
 * not described is refused. This module is loaded once in each worker of Jest, and each schema is compiled once.
 *
 * @param {readonly string[]} path - where the schema is, such as `['components', 'schemas', 'Chat']`.
 * @param {unknown} value
 * @returns {string[]}
 */
export function listSchemaErrors(path, value) {
  loaded ??= load();
  const key = path.join(' ');
  const check = compiled.get(key) ?? loaded.ajv.compile(findSchema(loaded.document, path));
  compiled.set(key, check);
  if (check(value)) return [];
  return check.errors.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function load() {
  const document = toStrict(JSON.parse(readFileSync('openapi.json', 'utf8')));
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    // Compiling the schema of schemas takes longer than all the rest. Another test checks the document.
    meta: false,
    validateSchema: false,
    // Times have a pattern, too.
    formats: { 'date-time': true },
  });
  for (const [name, schema] of Object.entries(document.components.schemas)) ajv.addSchema(schema, name);
  return { ajv, document };
}

function findSchema(document, path) {
  const found = path.reduce((value, name) => value?.[name], document);
  if (found === undefined) throw new Error(`openapi.json has no schema at ${path.join(' ')}`);
  return found;
}

/** A copy in which no described object may have other fields. References are names, by which Ajv knows the schemas. */
function toStrict(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toStrict);
  const members = Object.entries(value).map(([name, member]) =>
    name === '$ref' ? [name, member.replace(REF, '')] : [name, toStrict(member)],
  );
  return { ...(value.type === 'object' && { additionalProperties: false }), ...Object.fromEntries(members) };
}
