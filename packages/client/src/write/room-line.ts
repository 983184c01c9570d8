import { type Clock, isHelixError, type ReplayPayload } from "@helix/core";
import { onAbort } from "@helix/core/internal";

/** How often the first of a line looks whether there is room. */
const LOOK_INTERVAL_MS = 50;
/** So many try at once at most, in a queue that has room again. */
const MAX_AT_ONCE = 64;

interface Waiter {
  readonly payload: ReplayPayload;
  readonly taken: () => void;
  readonly refused: (error: unknown) => void;
  /** Its time is over. */
  isOver: boolean;
}

export interface RoomLineOptions {
  /** Rejects with HELIX_QUEUE_FULL while there is no room. */
  readonly enqueue: (payload: ReplayPayload) => Promise<void>;
  readonly clock: Clock;
  readonly waitMs: number;
}

/**
 * Those who wait for room in one lane of a full queue, in their order. The first looks every 50 ms; with each that is taken
 * twice as many try at once, and after a refusal one alone: a queue that is full is not flooded, and one that has room is
 * not held up.
 *
 * Each: waiting → taken, or refused: after `waitMs`, by its signal, at `close`, or for what else the queue has against it.
 */
export class RoomLine {
  readonly #options: RoomLineOptions;
  readonly #waiters: Waiter[] = [];
  /** Why there is a line: what they are refused with in the end. */
  #full: unknown;
  #trying = 0;
  #atOnce = 1;
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(options: RoomLineOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiters.length + this.#trying;
  }

  /** The queue said so to somebody who is about to wait. */
  refusedBy(full: unknown): void {
    this.#full = full;
  }

  /** Resolves when the queue has it; rejects with what the queue refused it with at last. */
  wait(payload: ReplayPayload, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => this.#giveUp(waiter);
      const cancel = this.#options.clock.setTimer(giveUp, this.#options.waitMs);
      const end = signal && onAbort(signal, giveUp);
      const cleanup = () => {
        cancel();
        end?.();
      };
      const taken = () => {
        cleanup();
        resolve();
      };
      const refused = (error: unknown) => {
        cleanup();
        reject(error);
      };
      const waiter: Waiter = { payload, taken, refused, isOver: false };
      this.#waiters.push(waiter);
      if (signal?.aborted) giveUp();
      else this.#lookLater();
    });
  }

  /** Refuses all that wait. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) this.#giveUp(waiter);
  }

  #giveUp(waiter: Waiter): void {
    waiter.isOver = true;
    const index = this.#waiters.indexOf(waiter);
    // One that is being tried is told when that is over: perhaps the queue takes it.
    if (index < 0) return;
    this.#waiters.splice(index, 1);
    if (this.#waiters.length === 0) this.#cancelLook?.();
    waiter.refused(this.#full);
  }

  #lookLater(): void {
    if (this.#trying > 0 || this.#cancelLook !== undefined || this.#waiters.length === 0) return;
    const cancel = this.#options.clock.setTimer(() => {
      this.#cancelLook = undefined;
      this.#look();
    }, LOOK_INTERVAL_MS);
    this.#cancelLook = () => {
      this.#cancelLook = undefined;
      cancel();
    };
  }

  #look(): void {
    while (this.#trying < this.#atOnce) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      void this.#try(waiter);
    }
  }

  async #try(waiter: Waiter): Promise<void> {
    this.#trying++;
    let isFull = false;
    try {
      await this.#options.enqueue(waiter.payload);
      waiter.taken();
    } catch (error) {
      isFull = isHelixError(error, "HELIX_QUEUE_FULL");
      if (isFull) this.#full = error;
      if (isFull && !waiter.isOver && !this.#isClosed) this.#waiters.unshift(waiter);
      else waiter.refused(error);
    }
    this.#trying--;
    this.#atOnce = isFull ? 1 : Math.min(2 * this.#atOnce, MAX_AT_ONCE);
    if (isFull) this.#lookLater();
    else this.#look();
  }
}
