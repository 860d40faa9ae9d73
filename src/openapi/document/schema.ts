/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 uses. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schema of a field that may be absent. */
class Optional {
  constructor(readonly schema: Schema) {}
}

/** One schema for each field of T, and {@link optional} around those that may be absent. */
type Fields<T> = { readonly [Name in keyof T]-?: object extends Pick<T, Name> ? Optional : Schema };

export function optional(schema: Schema): Optional {
  return new Optional(schema);
}

/**
 * Describes an object of the wire by its TypeScript type. The compiler refuses a missing field and an unknown one.
 * It also refuses a field that is optional in the type and required here, or the other way round.
 */
export function object<T>(description: string, fields: Fields<T>): Schema {
  const all = Object.entries<Schema | Optional>(fields);
  const properties = all.map(([name, field]) => [name, field instanceof Optional ? field.schema : field]);
  const required = all.flatMap(([name, field]) => (field instanceof Optional ? [] : [name]));
  return { type: 'object', description, properties: Object.fromEntries(properties), required };
}

/** Describes a text with few values by its TypeScript type. The compiler refuses a missing and an unknown value. */
export function oneOf<T extends string>(description: string, values: Readonly<Record<T, string>>): Schema {
  const lines = Object.entries<string>(values).map(([value, meaning]) => `- \`${value}\`: ${meaning}`);
  return { type: 'string', enum: Object.keys(values), description: [description, '', ...lines].join('\n') };
}

export function text(description: string, keywords: Schema = {}): Schema {
  return { type: 'string', description, ...keywords };
}

export function wholeNumber(description: string, keywords: Schema = {}): Schema {
  return { type: 'integer', minimum: 0, description, ...keywords };
}

export function time(description: string): Schema {
  return text(description, { format: 'date-time', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });
}

export function list(description: string, items: Schema): Schema {
  return { type: 'array', description, items };
}

/** Refers to a schema by its name in `components.schemas`. */
export function schemaRef(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
