/** @param rank - 50 is the median. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * rank) / 100) - 1] ?? NaN;
}

export function mb(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1).padStart(7)} MB`;
}
