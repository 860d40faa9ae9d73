/** Times of the readiness probe, in milliseconds. Tests use others. */
export class ReadinessTimes {
  /** For each check. The first one of a process also connects, and fetches credentials. */
  readonly limit: number = 2_000;
  /** How long a result is kept, so that probes cost at most one read per second. */
  readonly keep: number = 1_000;
}
