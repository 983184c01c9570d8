import type { LaneSource, ReplayMessage } from "@helix/core";
import { integer, isolate } from "@helix/core/queue-kit";

/** The most that may be demanded of a lane at once. */
export const MAX_DEMAND = 10_000;

const demandOption = integer({ min: 0, max: MAX_DEMAND });

/**
 * Hands the messages of a lane to its receiver as long as it demands some. Delivery happens in a microtask:
 * never from inside `demand` or `enqueue`, whose callers are not ready for a message.
 *
 * States: idle → (`demand`, or an arrival while something is demanded) → due, a microtask is scheduled →
 * delivering, until the lane is empty or the demand is met → idle. `stop` ends it from any; nothing is ever
 * under way, so there is nothing to wait for.
 */
export class MemoryLaneSource implements LaneSource {
  readonly #take: () => ReplayMessage | undefined;
  readonly #onMessage: (message: ReplayMessage) => void;
  readonly #onStop: () => void;
  readonly #hasten: (word: string) => number;
  #demanded = 0;
  #bytesLeft = 0;
  #due = false;
  #stopped = false;

  constructor(
    take: () => ReplayMessage | undefined,
    onMessage: (message: ReplayMessage) => void,
    onStop: () => void,
    hasten: (word: string) => number,
  ) {
    this.#take = take;
    this.#onMessage = onMessage;
    this.#onStop = onStop;
    this.#hasten = hasten;
  }

  /** @throws TypeError, RangeError for what is no integer from 0 to `traits.maxDemand`. */
  demand(messages: number, maxBytes = Number.POSITIVE_INFINITY): void {
    const demanded = demandOption.check(messages, "messages");
    if (this.#stopped) return;
    this.#demanded = demanded;
    this.#bytesLeft = maxBytes;
    this.wake();
  }

  hasten(word: string): number {
    return this.#hasten(word);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#demanded = 0;
    this.#onStop();
  }

  /** Something has arrived. */
  wake(): void {
    if (this.#due || !this.#isWanting) return;
    this.#due = true;
    queueMicrotask(() => this.#deliver());
  }

  get #isWanting(): boolean {
    return this.#demanded > 0 && this.#bytesLeft > 0;
  }

  #deliver(): void {
    this.#due = false;
    while (this.#isWanting) {
      const message = this.#take();
      if (message === undefined) return;
      this.#demanded--;
      this.#bytesLeft -= message.bytes ?? 0;
      isolate(
        () => this.#onMessage(message),
        // Rejects if it has been settled already, which is as well.
        () => void message.release().catch(() => {}),
      );
    }
  }
}
