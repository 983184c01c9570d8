import { clusterOf, type Logger, type Metrics, priorityOf } from "@helix/core";
import { type Observed, status } from "./status.ts";
import type { Warning } from "./warnings.ts";

/**
 * Tells a log of warnings, each once when it begins, and that it is over; and has a gauge for each. Of several pods only the one that
 * has been there for the longest speaks.
 */
export class WarningLog {
  readonly #observed: Observed;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #id: string;
  readonly #told = new Map<string, Warning>();

  /** @param id Of the pod that this is. */
  constructor(observed: Observed, { logger, metrics }: { logger: Logger; metrics: Metrics }, id: string) {
    this.#observed = observed;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#id = id;
  }

  /** To be called about once a minute. Never rejects. */
  async look(): Promise<void> {
    const { warnings, pods, unread } = await status(this.#observed);
    const [first] = pods
      .filter(({ isAlive }) => isAlive)
      .sort((one, other) => one.startedAtMs - other.startedAtMs || (one.id < other.id ? -1 : 1));
    if (first !== undefined && first.id !== this.#id) {
      for (const warning of this.#told.values()) this.#gauge(warning, 0);
      this.#told.clear();
      return;
    }
    const now = new Map(
      warnings.map((warning) => [`${warning.code} ${warning.cluster} ${warning.lane}`, warning]),
    );
    for (const [key, warning] of now) {
      if (this.#told.has(key)) continue;
      const { sentence, ...fields } = warning;
      this.#told.set(key, warning);
      this.#gauge(warning, 1);
      this.#logger.warn(fields, sentence);
    }
    // What could not be read is perhaps as it was.
    if (unread.length > 0) return;
    for (const [key, warning] of this.#told) {
      if (now.has(key)) continue;
      const { sentence: _, ...fields } = warning;
      this.#told.delete(key);
      this.#gauge(warning, 0);
      this.#logger.info(fields, "a warning is over");
    }
  }

  #gauge({ code, cluster, lane }: Warning, value: 0 | 1): void {
    const of = lane === undefined ? { cluster } : { cluster: clusterOf(lane), priority: priorityOf(lane) };
    this.#metrics.gauge("helix_warning", { ...of, result: code }, value);
  }
}
