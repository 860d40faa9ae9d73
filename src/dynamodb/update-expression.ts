/** The condition of an update. An attribute that the update changes has the placeholder `#<name>` already. */
export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** The expressions of an UpdateItem call. */
interface Update {
  readonly ConditionExpression: string;
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

/** A new value that DynamoDB computes. The values in its expression are among the values of the condition. */
export class Computed {
  constructor(readonly expression: string) {}
}

/** Adds a number to a counter or elements to a set. DynamoDB creates a missing attribute. */
export class Added {
  constructor(readonly value: number | ReadonlySet<string>) {}
}

/** Takes elements out of a set. DynamoDB removes an attribute whose set becomes empty. */
export class Deleted {
  constructor(readonly value: ReadonlySet<string>) {}
}

/** The clauses of an update expression. */
const CLAUSES = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const;

/** How one attribute changes: an action in a clause, and the value that it needs. */
interface Action {
  readonly clause: (typeof CLAUSES)[number];
  readonly text: string;
  readonly value?: unknown;
}

/**
 * Builds the expressions of an UpdateItem call. Every name and value has a placeholder, because DynamoDB reserves many
 * words.
 *
 * @param changes - new values by attribute. As in RFC 7396, null removes an attribute. Undefined leaves it unchanged.
 */
export function buildUpdate(changes: Readonly<Record<string, unknown>>, condition: Condition): Update {
  const names: Record<string, string> = { ...condition.names };
  const values: Record<string, unknown> = { ...condition.values };
  const given = Object.entries(changes).filter(([, change]) => change !== undefined);
  const actions = given.map(([name, change], index) => {
    // Placeholders consist of letters, digits and `_`.
    const alias = /^\w+$/.test(name) ? name : `n${index}`;
    const action = toAction(alias, change);
    names[`#${alias}`] = name;
    if (action.value !== undefined) values[`:${alias}`] = action.value;
    return action;
  });
  const clauses = CLAUSES.flatMap((keyword) => {
    const texts = actions.filter(({ clause }) => clause === keyword).map(({ text }) => text);
    return texts.length > 0 ? [`${keyword} ${texts.join(', ')}`] : [];
  });
  return {
    ConditionExpression: condition.expression,
    UpdateExpression: clauses.join(' '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function toAction(alias: string, change: unknown): Action {
  if (change === null) return { clause: 'REMOVE', text: `#${alias}` };
  if (change instanceof Computed) return { clause: 'SET', text: `#${alias} = ${change.expression}` };
  if (change instanceof Added) return { clause: 'ADD', text: `#${alias} :${alias}`, value: change.value };
  if (change instanceof Deleted) return { clause: 'DELETE', text: `#${alias} :${alias}`, value: change.value };
  return { clause: 'SET', text: `#${alias} = :${alias}`, value: change };
}
