/** Shorter ones may be words of our own. */
const SHORTEST_SECRET = 10;
/** So much of the beginning of a text gives it away. */
const TELLTALE_CHARACTERS = 24;
/** What no line holds, whoever it comes from: tokens, ARNs and the addresses of the tests' users. */
const NEVER = ['eyJ', 'arn:aws', '@example.com'];

/** Knows what is secret in a test and what was written, and finds the one in the other. */
export class Silence {
  /** Whether somebody hears what this process writes, so that everything may be logged. */
  isHeard = false;
  private readonly secrets = new Set<string>(NEVER);
  private readonly written = new Map<string, string>();

  /** Texts that nothing may be written of: prompts, answers, tokens, keys. Those shorter than 10 characters are let be. */
  keep(...texts: readonly string[]): void {
    for (const text of texts) {
      const beginning = text.trim().slice(0, TELLTALE_CHARACTERS).trim();
      if (beginning.length < SHORTEST_SECRET) continue;
      this.secrets.add(beginning);
      this.secrets.add(JSON.stringify(beginning).slice(1, -1));
    }
  }

  /** What came out of the service other than a good answer: its log, the answer to a request that failed. */
  wrote(source: string, text: string): void {
    this.written.set(source, (this.written.get(source) ?? '') + text);
  }

  /** The secrets that were written, each with where. */
  leaks(): string[] {
    return [...this.written].flatMap(([source, text]) =>
      [...this.secrets].filter((secret) => text.includes(secret)).map((secret) => `${source}: ${secret}`),
    );
  }
}

/** The one of the running test file; whoever starts a process tells it what that process writes. */
export const silence = new Silence();
