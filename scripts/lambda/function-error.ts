/** The function failed, could not start, or ended. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}
