import type { Clock } from "@helix/core";
import { toldError } from "@helix/core/internal";
import type { HeldMessage } from "../decide/held-message.ts";

/** A queue that does not say by then whether it has written the mark down has not. */
const PATIENCE_MS = 10_000;

export interface MarkingOptions {
  readonly clock: Clock;
  /** The queue knows that it is going to be executed. */
  readonly onMarked: (item: HeldMessage) => void;
  /** The queue could not be told: it must not be executed. */
  readonly onFailed: (item: HeldMessage, error: unknown) => void;
}

/**
 * Messages of whose execution their queue is being told. Each takes up the slot that it is going to be executed in, so
 * that the others do not wait for it.
 */
export class Marking {
  readonly #options: MarkingOptions;
  readonly #cancels = new Map<HeldMessage, () => void>();
  #suspects = 0;

  constructor(options: MarkingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#cancels.size;
  }

  /** Slots that are taken; a suspect has one of its own. */
  get slots(): number {
    return this.#cancels.size - this.#suspects;
  }

  async begin(item: HeldMessage): Promise<void> {
    const { clock, onMarked, onFailed } = this.#options;
    const fail = (error: unknown) => {
      if (this.#remove(item)) onFailed(item, error);
    };
    const late = () =>
      fail(toldError(`The queue took more than ${PATIENCE_MS} ms to write down an execution`));
    this.#cancels.set(item, clock.setTimer(late, PATIENCE_MS));
    if (item.kind === "suspect") this.#suspects++;
    try {
      await item.message.mark?.();
    } catch (error) {
      fail(error);
      return;
    }
    if (this.#remove(item)) onMarked(item);
  }

  /** Forgets all of them, without a word; returns what they were. */
  abandonAll(): HeldMessage[] {
    const abandoned = [...this.#cancels.keys()];
    for (const item of abandoned) this.#remove(item);
    return abandoned;
  }

  /** Whether it was still being marked. */
  #remove(item: HeldMessage): boolean {
    this.#cancels.get(item)?.();
    if (!this.#cancels.delete(item)) return false;
    if (item.kind === "suspect") this.#suspects--;
    return true;
  }
}
