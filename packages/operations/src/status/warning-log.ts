import type { Logger } from "@helix/core";
import { type Observed, status } from "./status.ts";

/**
 * Tells a log of warnings, each once when it begins, and that it is over. Of several pods only the one that has been there for the longest
 * speaks.
 */
export class WarningLog {
  readonly #observed: Observed;
  readonly #logger: Logger;
  readonly #id: string;
  readonly #told = new Map<string, object>();

  /** @param id Of the pod that this is. */
  constructor(observed: Observed, logger: Logger, id: string) {
    this.#observed = observed;
    this.#logger = logger;
    this.#id = id;
  }

  /** To be called about once a minute. Never rejects. */
  async look(): Promise<void> {
    const { warnings, pods, unread } = await status(this.#observed);
    const [first] = pods
      .filter(({ isAlive }) => isAlive)
      .sort((one, other) => one.startedAtMs - other.startedAtMs || (one.id < other.id ? -1 : 1));
    if (first !== undefined && first.id !== this.#id) {
      this.#told.clear();
      return;
    }
    const now = new Map(
      warnings.map((warning) => [`${warning.code} ${warning.cluster} ${warning.lane}`, warning]),
    );
    for (const [key, { sentence, ...fields }] of now) {
      if (this.#told.has(key)) continue;
      this.#told.set(key, fields);
      this.#logger.warn(fields, sentence);
    }
    // What could not be read is perhaps as it was.
    if (unread.length > 0) return;
    for (const [key, fields] of this.#told) {
      if (now.has(key)) continue;
      this.#told.delete(key);
      this.#logger.info(fields, "a warning is over");
    }
  }
}
