/** The kinds of failures. Only `src/http` maps a kind to an HTTP status. */
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
  /** Whole seconds after which the caller may retry. */
  readonly retryAfterSeconds?: number;
  /** What to do about a failure, if trying again is not all: public, like the message. */
  readonly advice?: string;
  /** Says in a 5xx response what is wrong, in place of an advice. As public as the message. */
  readonly detail?: string;
  /** Whether the code that throws the error has logged it. */
  readonly isLogged?: boolean;
}

/**
 * The base of every error that a caller may see. `message` is public, because it becomes the `error` text of the
 * response. It never holds a prompt, a token, an ARN or the message of another system. These stay in `cause`.
 */
export abstract class DomainError extends Error {
  abstract readonly kind: ErrorKind;
  readonly retryAfterSeconds: number | undefined;
  readonly advice: string | undefined;
  readonly detail: string | undefined;
  readonly isLogged: boolean;
  /** Why, in fixed words of ours. Only the log shows it. */
  readonly reason?: string;

  constructor(message: string, options: DomainErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.advice = options.advice;
    this.detail = options.detail;
    this.isLogged = options.isLogged ?? false;
  }
}
