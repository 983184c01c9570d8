import type { Clock, Logger } from "@helix/core";

const EACH = 10;
const WITHIN_MS = 60_000;

/**
 * Tells what people have ordered: each of the first ten within a minute, and then how many it were whenever there are ten times as many,
 * so that a hundred thousand are fifteen lines. Every single one is in the records.
 */
export class OrdersLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #told = new Map<string, { count: number; sinceMs: number }>();

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  tell(fields: object, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    let told = this.#told.get(text);
    if (told === undefined || nowMs - told.sinceMs > WITHIN_MS) {
      told = { count: 0, sinceMs: nowMs };
      this.#told.set(text, told);
    }
    const count = ++told.count;
    if (count <= EACH) this.#logger.warn(fields, text);
    else if (Number.isInteger(Math.log10(count))) this.#logger.warn({ ...fields, count }, text);
  }
}
