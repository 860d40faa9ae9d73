/** The function reported an error instead of an answer, or within it, could not start, or ended. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}
