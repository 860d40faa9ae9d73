/** Longer texts are printed without their middle. */
const TEXT_LENGTH = 400;

/** A response that breaks the contract, or a history that does not fit what its user has sent. */
class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError';
}

/** No response came. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';

  /** @param sentAt - when the request was sent, in `performance.now()`. */
  constructor(
    readonly sentAt: number,
    options: ErrorOptions,
  ) {
    super('The connection was lost', options);
  }
}

/** The service is busy. Whether the turn has begun is open. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly status: number,
    body: string,
  ) {
    super(`${status} ${body}`);
  }
}

/** @throws WrongAnswerError */
export function demand(holds: boolean, what: string, evidence?: unknown): asserts holds {
  if (!holds) throw new WrongAnswerError(`${what}: ${JSON.stringify(evidence, shorten)}`);
}

function shorten(_: string, value: unknown): unknown {
  if (value instanceof Headers) return Object.fromEntries(value);
  if (typeof value !== 'string' || value.length <= TEXT_LENGTH) return value;
  return `${value.slice(0, TEXT_LENGTH / 2)}…${value.slice(-TEXT_LENGTH / 2)}`;
}
