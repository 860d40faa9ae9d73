/**
 * What kind of thing went wrong, in the words of the domain. `http/error.filter.ts` alone knows which
 * HTTP status each kind becomes.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'not-found'
  | 'conflict'
  | 'unprocessable'
  | 'too-large'
  | 'unsupported'
  | 'throttled'
  | 'upstream-failed'
  | 'unavailable'
  | 'timed-out';

export interface DomainErrorOptions extends ErrorOptions {
  /** Whole seconds after which the caller may try again. */
  readonly retryAfterSeconds?: number;
}

/**
 * The base of every error that a caller may see. `message` is public: it is the `error` text of the answer,
 * so it never holds a prompt, a token, an ARN or another system's words. Those stay in `cause`.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: DomainErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
