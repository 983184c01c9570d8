import type { Clock } from "@helix/core";
import type { Link } from "./link.ts";

export interface RegularLookOptions {
  readonly link: Pick<Link, "isUp" | "listen">;
  /** Looks, while there is a connection. Never rejects. Resolves with whether the next look is to be soon. */
  readonly look: () => Promise<"soon" | undefined>;
  /** How often it is looked. Milliseconds. */
  readonly everyMs: number;
  /** The same after a look that asks for it, and after a reconnect. */
  readonly soonMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Looks again and again between `start` and `stop`, each time after a random half of the interval at the least, so that pods do not look at once. While
 * there is no connection nothing is looked at.
 */
export class RegularLook {
  readonly #options: RegularLookOptions;
  readonly #stopListening: () => void;
  #isStarted = false;
  #isClosed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: RegularLookOptions) {
    this.#options = options;
    this.#stopListening = options.link.listen({
      onChange: (isUp) => {
        if (isUp && this.#isStarted) this.#lookIn(options.soonMs);
      },
    });
  }

  /** Twice is safe, and after `close` it does nothing. */
  start(): void {
    if (this.#isStarted || this.#isClosed) return;
    this.#isStarted = true;
    this.#lookIn(this.#options.everyMs);
  }

  /** Until the next `start`. Twice is safe. */
  stop(): void {
    this.#isStarted = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** For good. Twice is safe. */
  close(): void {
    this.#isClosed = true;
    this.stop();
    this.#stopListening();
  }

  #lookIn(mostMs: number): void {
    const { clock, random } = this.#options;
    this.#cancelTimer?.();
    const delayMs = (mostMs / 2) * (1 + random());
    this.#cancelTimer = clock.setTimer(() => void this.#look(), delayMs);
  }

  async #look(): Promise<void> {
    const { link, look, everyMs, soonMs } = this.#options;
    this.#cancelTimer = undefined;
    const next = link.isUp ? await look() : undefined;
    // A reconnect may have set it meanwhile.
    if (this.#isStarted && this.#cancelTimer === undefined) this.#lookIn(next === "soon" ? soonMs : everyMs);
  }
}
