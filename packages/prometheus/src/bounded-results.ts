import type { MetricName } from "@helix/core";

/** Each is a series that is kept for ever. */
const MAX_RESULTS = 50;
const MAX_LENGTH = 100;

/**
 * The values that the label `result` of a metric may have: an error code may be anybody's. At most 50 of each metric, of 100
 * characters; what else comes is "other".
 */
export class BoundedResults {
  readonly #known = new Map<MetricName, Set<string>>();

  of(metric: MetricName, result: string): string {
    const known = this.#known.get(metric) ?? new Set();
    this.#known.set(metric, known);
    if (known.has(result)) return result;
    if (known.size >= MAX_RESULTS || result.length > MAX_LENGTH) return "other";
    known.add(result);
    return result;
  }
}
