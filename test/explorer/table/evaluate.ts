import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import type { Condition } from './condition-parser.js';
import type { Comparator, Operand } from './tokens.js';

/** The names and values of a call. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

/** Whether an item meets a condition. An absent attribute equals nothing, as in DynamoDB. */
export function evaluate(condition: Condition, item: Item | undefined, call: Placeholders): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => evaluate(part, item, call));
    case 'or':
      return condition.parts.some((part) => evaluate(part, item, call));
    case 'not':
      return !evaluate(condition.part, item, call);
    case 'exists':
      return (readPath(condition.path, item, call) !== undefined) === condition.isWanted;
    case 'type': {
      const value = readPath(condition.path, item, call);
      return value !== undefined && toType(value) === readOperand(condition.operand, item, call);
    }
    case 'contains':
      return contains(readPath(condition.path, item, call), readOperand(condition.operand, item, call));
    case 'in': {
      const value = readOperand(condition.operand, item, call);
      return condition.values.some((wanted) => compare(value, '=', readOperand(wanted, item, call)));
    }
    case 'between': {
      const value = readOperand(condition.operand, item, call);
      const low = readOperand(condition.low, item, call);
      return compare(value, '>=', low) && compare(value, '<=', readOperand(condition.high, item, call));
    }
    case 'compare':
      break;
  }
  const right = readOperand(condition.right, item, call);
  return compare(readOperand(condition.left, item, call), condition.comparator, right);
}

/** Reads the value of an operand; undefined if the item has none. */
export function readOperand(operand: Operand, item: Item | undefined, call: Placeholders): unknown {
  if (operand.kind === 'value') {
    const value = call.ExpressionAttributeValues?.[operand.name];
    if (value === undefined) throw new Error(`No value ${operand.name}`);
    return value;
  }
  const value = readPath(operand.path, item, call);
  return operand.kind === 'size' ? toSize(value) : value;
}

/** The name of an attribute behind a placeholder. */
export function toName(alias: string, { ExpressionAttributeNames: names }: Placeholders): string {
  if (!alias.startsWith('#')) return alias;
  const name = names?.[alias];
  if (name === undefined) throw new Error(`No name ${alias}`);
  return name;
}

/** The type of a value in DynamoDB's letters. */
function toType(value: unknown): string {
  if (value instanceof Set) return 'SS';
  if (Array.isArray(value)) return 'L';
  if (value === null) return 'NULL';
  const types: Record<string, string> = { string: 'S', number: 'N', boolean: 'BOOL', object: 'M' };
  return types[typeof value] ?? 'unknown';
}

function readPath(path: readonly string[], item: Item | undefined, call: Placeholders): unknown {
  let value: unknown = item;
  for (const alias of path) {
    if (typeof value !== 'object' || value === null || value instanceof Set) return undefined;
    const name = toName(alias, call);
    value = Object.hasOwn(value, name) ? (value as Item)[name] : undefined;
  }
  return value;
}

function compare(left: unknown, comparator: Comparator, right: unknown): boolean {
  if (left === undefined || right === undefined) return comparator === '<>';
  if (comparator === '=') return left === right;
  if (comparator === '<>') return left !== right;
  if (typeof left === 'number' && typeof right === 'number') return isOrdered(left, comparator, right);
  if (typeof left === 'string' && typeof right === 'string') return isOrdered(left, comparator, right);
  return false;
}

/** Texts are compared by code unit. That is the order of their bytes for the texts that the product compares. */
function isOrdered<T extends number | string>(left: T, comparator: Exclude<Comparator, '=' | '<>'>, right: T): boolean {
  switch (comparator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      break;
  }
  return left >= right;
}

function contains(value: unknown, wanted: unknown): boolean {
  if (value instanceof Set || Array.isArray(value)) return [...value].includes(wanted);
  return typeof value === 'string' && typeof wanted === 'string' && value.includes(wanted);
}

function toSize(value: unknown): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Set) return value.size;
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : undefined;
}
