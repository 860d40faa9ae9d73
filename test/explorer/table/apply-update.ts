import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { type Placeholders, readOperand, toName } from './evaluate.js';
import { validationError } from './table-errors.js';
import { type Operand, Tokens } from './tokens.js';

/** A new value: an operand, `if_not_exists(path, operand)`, or the sum of two of them. */
type Value =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'ifNotExists'; readonly alias: string; readonly operand: Operand }
  | { readonly kind: 'sum'; readonly left: Value; readonly right: Value };

type Change =
  | { readonly clause: 'SET'; readonly path: readonly string[]; readonly value: Value }
  | { readonly clause: 'REMOVE'; readonly alias: string }
  | { readonly clause: 'ADD' | 'DELETE'; readonly alias: string; readonly operand: Operand };

const CLAUSES = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const;
/** Updates name the keys of callers, so there are many texts. */
const REMEMBERED_TEXTS = 500;
const parsed = new Map<string, readonly Change[]>();

/** The item after an update. All values are computed from the item before it. */
export function applyUpdate(expression: string, item: Item, call: Placeholders): Item {
  const next: Record<string, unknown> = { ...item };
  for (const change of parseUpdate(expression)) {
    if (change.clause === 'SET') {
      const [name = '', ...rest] = change.path.map((alias) => toName(alias, call));
      next[name] = setWithin(next[name], rest, computeValue(change.value, item, call));
      continue;
    }
    const name = toName(change.alias, call);
    if (change.clause === 'REMOVE') delete next[name];
    else {
      const value = readOperand(change.operand, item, call);
      const changed = change.clause === 'ADD' ? add(item[name], value) : subtract(item[name], value);
      if (changed === undefined) delete next[name];
      else next[name] = changed;
    }
  }
  return next;
}

/** The names of the attributes that an update changes. */
export function listChangedNames(expression: string, call: Placeholders): string[] {
  return parseUpdate(expression).map((change) => {
    const path = change.clause === 'SET' ? change.path : [change.alias];
    return path.map((alias) => toName(alias, call)).join('.');
  });
}

/** A value with another value inside it. @throws validationError if there is no map on the way. */
function setWithin(present: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (typeof present !== 'object' || present === null)
    throw validationError('The document path provided in the update expression is invalid for update');
  return { ...present, [name]: setWithin((present as Item)[name], rest, value) };
}

function parseUpdate(text: string): readonly Change[] {
  const known = parsed.get(text);
  if (known) return known;
  const tokens = new Tokens(text);
  const changes: Change[] = [];
  while (tokens.peek() !== undefined) {
    const keyword = tokens.skip();
    const clause = CLAUSES.find((name) => name === keyword);
    if (!clause) throw new Error(`No clause: ${keyword} in ${text}`);
    do changes.push(parseChange(tokens, clause));
    while (tokens.take(','));
  }
  if (parsed.size >= REMEMBERED_TEXTS) parsed.clear();
  parsed.set(text, changes);
  return changes;
}

function parseChange(tokens: Tokens, clause: (typeof CLAUSES)[number]): Change {
  const path = tokens.takePath();
  if (clause === 'SET') {
    tokens.require('=');
    return { clause, path, value: parseValue(tokens) };
  }
  const [alias = ''] = path;
  return clause === 'REMOVE' ? { clause, alias } : { clause, alias, operand: tokens.takeOperand() };
}

function parseValue(tokens: Tokens): Value {
  const left = parseTerm(tokens);
  return tokens.take('+') ? { kind: 'sum', left, right: parseTerm(tokens) } : left;
}

function parseTerm(tokens: Tokens): Value {
  if (!tokens.take('if_not_exists')) return { kind: 'operand', operand: tokens.takeOperand() };
  tokens.require('(');
  const alias = tokens.skip();
  tokens.require(',');
  const operand = tokens.takeOperand();
  tokens.require(')');
  return { kind: 'ifNotExists', alias, operand };
}

function computeValue(value: Value, item: Item, call: Placeholders): unknown {
  if (value.kind === 'ifNotExists') return item[toName(value.alias, call)] ?? readOperand(value.operand, item, call);
  if (value.kind === 'operand') {
    const found = readOperand(value.operand, item, call);
    if (found === undefined)
      throw validationError('The provided expression refers to an attribute that does not exist');
    return found;
  }
  const left = computeValue(value.left, item, call);
  const right = computeValue(value.right, item, call);
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  throw validationError('An operand in the update expression has an incorrect data type');
}

function add(present: unknown, value: unknown): unknown {
  if (typeof value === 'number' && (present === undefined || typeof present === 'number'))
    return (present ?? 0) + value;
  if (value instanceof Set && (present === undefined || present instanceof Set)) {
    return new Set([...(present ?? []), ...value]);
  }
  throw validationError('An operand in the update expression has an incorrect data type');
}

/** A set without the elements, or undefined if it becomes empty. */
function subtract(present: unknown, value: unknown): unknown {
  if (present === undefined) return undefined;
  if (!(present instanceof Set) || !(value instanceof Set)) {
    throw validationError('An operand in the update expression has an incorrect data type');
  }
  const rest = new Set([...present].filter((element) => !value.has(element)));
  return rest.size > 0 ? rest : undefined;
}
