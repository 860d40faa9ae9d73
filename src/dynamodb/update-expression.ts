/** When an update is done. Names of attributes that it changes have the placeholder `#<name>` already. */
export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** The parts of an UpdateItem that say what happens, and when. */
interface Update {
  readonly ConditionExpression: string;
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

/** A new value that DynamoDB computes; its own values are among those of the condition. */
export class Computed {
  constructor(readonly expression: string) {}
}

/**
 * An update as DynamoDB writes it, every name and value behind a placeholder because many words are reserved.
 *
 * @param changes - attributes as in a JSON merge patch (RFC 7396): null removes one, undefined leaves it alone.
 */
export function buildUpdate(changes: Readonly<Record<string, unknown>>, condition: Condition): Update {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const parts = given.map(([name, value], index) => {
    // A placeholder has letters, digits and `_` only.
    const alias = /^\w+$/.test(name) ? name : `n${index}`;
    return { name, alias, value, set: value instanceof Computed ? value.expression : `:${alias}` };
  });
  const sets = parts.filter(({ value }) => value !== null).map(({ alias, set }) => `#${alias} = ${set}`);
  const removes = parts.filter(({ value }) => value === null).map(({ alias }) => `#${alias}`);
  const stored = parts.filter(({ value }) => value !== null && !(value instanceof Computed));
  return {
    ConditionExpression: condition.expression,
    UpdateExpression: [...clause('SET', sets), ...clause('REMOVE', removes)].join(' '),
    ExpressionAttributeNames: {
      ...condition.names,
      ...Object.fromEntries(parts.map(({ name, alias }) => [`#${alias}`, name])),
    },
    ExpressionAttributeValues: {
      ...condition.values,
      ...Object.fromEntries(stored.map(({ alias, value }) => [`:${alias}`, value])),
    },
  };
}

function clause(keyword: string, actions: readonly string[]): string[] {
  return actions.length > 0 ? [`${keyword} ${actions.join(', ')}`] : [];
}
