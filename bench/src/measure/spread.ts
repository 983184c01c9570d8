export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Not a number if one of the values is none, or if there are none. */
export function spread(values: readonly number[]): Spread {
  if (values.some(Number.isNaN)) return { min: Number.NaN, median: Number.NaN, max: Number.NaN };
  return { min: quantile(values, 0), median: median(values), max: quantile(values, 1) };
}

/** The value below which the share lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** In the middle of the two in the middle, where there are two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
