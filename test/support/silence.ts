/** Shorter texts may be words of the service itself. */
const SHORTEST_SECRET = 10;
/** A text counts as written if this much of its beginning was. */
const TELLTALE_CHARACTERS = 24;
/** Texts that no line may hold: the beginning of a token, ARNs, and the addresses of the tests' users. */
const NEVER = ['eyJ', 'arn:aws', '@example.com'];

/** Collects the secrets of a test and everything that was written, and finds the secrets in it. */
export class Silence {
  /** Whether a listener reads what this process writes. Only then may everything be logged. */
  isHeard = false;
  private readonly secrets = new Set<string>(NEVER);
  private readonly written = new Map<string, string>();

  /** Adds texts that may not be written: prompts, replies, tokens, keys. Texts under 10 characters are ignored. */
  keep(...texts: readonly string[]): void {
    for (const text of texts) {
      const beginning = text.trim().slice(0, TELLTALE_CHARACTERS).trim();
      if (beginning.length < SHORTEST_SECRET) continue;
      this.secrets.add(beginning);
      this.secrets.add(JSON.stringify(beginning).slice(1, -1));
    }
  }

  /** Adds what the service has written: its log, or the response to a request that failed. */
  wrote(source: string, text: string): void {
    this.written.set(source, (this.written.get(source) ?? '') + text);
  }

  /** Lists the secrets that were written, each with its place. */
  leaks(): string[] {
    return [...this.written].flatMap(([source, text]) =>
      [...this.secrets].filter((secret) => text.includes(secret)).map((secret) => `${source}: ${secret}`),
    );
  }
}

/** Shared by a whole test file. Code that starts a process adds what the process writes. */
export const silence = new Silence();
