const COMPARATORS = ['=', '<>', '<', '<=', '>', '>='] as const;
const TOKEN = /\s*(<>|<=|>=|[=<>(),+.]|[#:]?\w+)/y;

export type Comparator = (typeof COMPARATORS)[number];

/** What is compared: an attribute, a value of the call, or the size of an attribute. */
export type Operand =
  | { readonly kind: 'path' | 'size'; readonly path: readonly string[] }
  | { readonly kind: 'value'; readonly name: string };

/** Reads the tokens of an expression of DynamoDB, one after the other. */
export class Tokens {
  private readonly tokens: { readonly text: string; readonly end: number }[] = [];
  private next = 0;

  /** @throws Error if a part of the text is no token. */
  constructor(private readonly text: string) {
    const scan = new RegExp(TOKEN);
    while (scan.lastIndex < text.trimEnd().length) {
      const at = scan.lastIndex;
      const found = scan.exec(text)?.[1];
      if (found === undefined) throw new Error(`No token at ${at}: ${text}`);
      this.tokens.push({ text: found, end: scan.lastIndex });
    }
  }

  /** Where the next token is, for {@link textSince}. */
  get place(): number {
    return this.next;
  }

  textSince(place: number): string {
    const start = place === 0 ? 0 : this.tokens[place - 1]?.end;
    return this.text.slice(start, this.tokens[this.next - 1]?.end).trim();
  }

  peek(): string | undefined {
    return this.tokens[this.next]?.text;
  }

  skip(): string {
    const token = this.peek();
    if (token === undefined) throw new Error(`Too short: ${this.text}`);
    this.next += 1;
    return token;
  }

  /** Takes the token if it is the next one. */
  take(token: string): boolean {
    const isNext = this.peek() === token;
    if (isNext) this.next += 1;
    return isNext;
  }

  require(token: string): void {
    if (!this.take(token)) throw new Error(`Expected ${token}, found ${this.peek()}: ${this.text}`);
  }

  requireEnd(): void {
    if (this.peek() !== undefined) throw new Error(`Unexpected ${this.peek()}: ${this.text}`);
  }

  takePath(): string[] {
    const path = [this.skip()];
    while (this.take('.')) path.push(this.skip());
    return path;
  }

  takeOperand(): Operand {
    if (this.take('size')) {
      this.require('(');
      const path = this.takePath();
      this.require(')');
      return { kind: 'size', path };
    }
    if (this.peek()?.startsWith(':')) return { kind: 'value', name: this.skip() };
    return { kind: 'path', path: this.takePath() };
  }

  takeComparator(): Comparator {
    const token = this.skip();
    const found = COMPARATORS.find((comparator) => comparator === token);
    if (!found) throw new Error(`No comparator: ${token} in ${this.text}`);
    return found;
  }
}
