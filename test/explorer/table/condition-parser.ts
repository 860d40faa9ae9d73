import { type Comparator, type Operand, Tokens } from './tokens.js';

/** A condition of DynamoDB, as far as the product builds them. `text` is its source. */
export type Condition = { readonly text: string } & (
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly left: Operand; readonly comparator: Comparator; readonly right: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly values: readonly Operand[] }
  | { readonly kind: 'between'; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'exists'; readonly path: readonly string[]; readonly isWanted: boolean }
  | { readonly kind: 'type' | 'contains'; readonly path: readonly string[]; readonly operand: Operand }
);

const parsed = new Map<string, Condition>();

/**
 * Parses a condition. Every text is parsed once.
 *
 * @throws Error for what the product does not build.
 */
export function parseCondition(text: string): Condition {
  const known = parsed.get(text);
  if (known) return known;
  const tokens = new Tokens(text);
  const condition = parseOr(tokens);
  tokens.requireEnd();
  parsed.set(text, condition);
  return condition;
}

/** The conditions that must all hold. */
export function listConjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.parts : [condition];
}

function parseOr(tokens: Tokens): Condition {
  return parseList(tokens, 'or', (inner) => parseList(inner, 'and', parseNot));
}

/** Parses a list that AND or OR joins. A list of one is the member itself. */
function parseList(tokens: Tokens, kind: 'and' | 'or', parse: (tokens: Tokens) => Condition): Condition {
  const start = tokens.place;
  const parts = [parse(tokens)];
  while (tokens.take(kind.toUpperCase())) parts.push(parse(tokens));
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  return { kind, parts: flat, text: tokens.textSince(start) };
}

function parseNot(tokens: Tokens): Condition {
  const start = tokens.place;
  if (!tokens.take('NOT')) return parsePrimary(tokens);
  const part = parseNot(tokens);
  return { kind: 'not', part, text: tokens.textSince(start) };
}

function parsePrimary(tokens: Tokens): Condition {
  const start = tokens.place;
  if (tokens.take('(')) {
    const inner = parseOr(tokens);
    tokens.require(')');
    return { ...inner, text: tokens.textSince(start) };
  }
  const name = tokens.peek();
  if (name === 'attribute_exists' || name === 'attribute_not_exists') {
    tokens.skip();
    tokens.require('(');
    const path = tokens.takePath();
    tokens.require(')');
    return { kind: 'exists', path, isWanted: name === 'attribute_exists', text: tokens.textSince(start) };
  }
  if (name === 'attribute_type' || name === 'contains') {
    tokens.skip();
    tokens.require('(');
    const path = tokens.takePath();
    tokens.require(',');
    const operand = tokens.takeOperand();
    tokens.require(')');
    return { kind: name === 'contains' ? name : 'type', path, operand, text: tokens.textSince(start) };
  }
  return parseComparison(tokens, start);
}

function parseComparison(tokens: Tokens, start: number): Condition {
  const left = tokens.takeOperand();
  if (tokens.take('BETWEEN')) {
    const low = tokens.takeOperand();
    tokens.require('AND');
    const high = tokens.takeOperand();
    return { kind: 'between', operand: left, low, high, text: tokens.textSince(start) };
  }
  if (tokens.take('IN')) {
    tokens.require('(');
    const values: Operand[] = [];
    do values.push(tokens.takeOperand());
    while (tokens.take(','));
    tokens.require(')');
    return { kind: 'in', operand: left, values, text: tokens.textSince(start) };
  }
  const comparator = tokens.takeComparator();
  const right = tokens.takeOperand();
  return { kind: 'compare', left, comparator, right, text: tokens.textSince(start) };
}
