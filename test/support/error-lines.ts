import { afterAll, beforeAll, beforeEach } from '@jest/globals';

/** A line of the log about a failure. */
export interface ErrorLine {
  readonly level: string;
  readonly message: {
    readonly status?: number;
    readonly error?: { readonly name: string; readonly item?: unknown };
  };
}

/** Collects the failures that an app of this process logs. The list is emptied before each test. */
export function collectErrorLines(): ErrorLine[] {
  const lines: ErrorLine[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called on its stream
  const { write } = process.stderr;
  beforeAll(() => {
    process.stderr.write = (piece: string | Uint8Array, ...rest: never[]): boolean => {
      const text = String(piece);
      if (text.startsWith('{"level":"error"')) lines.push(JSON.parse(text) as ErrorLine);
      return write.call(process.stderr, piece, ...rest);
    };
  });
  beforeEach(() => void lines.splice(0));
  afterAll(() => void (process.stderr.write = write));
  return lines;
}
