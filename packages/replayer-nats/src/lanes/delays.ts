import { type Clock, LANES, type Lane } from "@helix/core";

/** Messages that this process has handed back with a delay that is not over: counted, nothing more. */
export class Delays {
  readonly #clock: Clock;
  readonly #dueAtMs = new Map<Lane, Map<number, number>>(LANES.map((lane) => [lane, new Map()]));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(lane: Lane, streamSequence: number, delayMs: number): void {
    this.#of(lane).set(streamSequence, this.#clock.monotonicMs() + delayMs);
  }

  /** It is here again. */
  remove(lane: Lane, streamSequence: number): void {
    this.#of(lane).delete(streamSequence);
  }

  count(lane: Lane): number {
    const nowMs = this.#clock.monotonicMs();
    const due = this.#of(lane);
    for (const [streamSequence, atMs] of due) if (atMs <= nowMs) due.delete(streamSequence);
    return due.size;
  }

  #of(lane: Lane): Map<number, number> {
    return this.#dueAtMs.get(lane) as Map<number, number>;
  }
}
