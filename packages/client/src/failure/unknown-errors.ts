import type { Logger } from "@helix/core";
import { errorLabel, LoggableError } from "@helix/core/internal";
import { unknownIn } from "./read-error.ts";

/** So many names and codes are remembered; what comes after is not told. */
const MAX_TOLD = 100;

/** Tells of errors that are in no table: each name and code once, not once per request. */
export class UnknownErrors {
  readonly #logger: Logger;
  readonly #cluster: string;
  readonly #told = new Set<string>();

  constructor(logger: Logger, cluster: string) {
    this.#logger = logger;
    this.#cluster = cluster;
  }

  heard(error: unknown): void {
    for (const unknown of unknownIn(error)) {
      // Not by its text: nobody knows what that quotes.
      const label = errorLabel(unknown);
      if (this.#told.has(label) || this.#told.size >= MAX_TOLD) continue;
      this.#told.add(label);
      const fields = { cluster: this.#cluster, error: new LoggableError(unknown, label) };
      this.#logger.warn(
        fields,
        "an error that is in no table: taken for perhaps applied, and tried again later",
      );
    }
  }
}
