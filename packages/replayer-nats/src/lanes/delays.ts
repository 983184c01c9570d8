import { type Clock, LANES, type Lane } from "@helix/core";

/** Of so many milliseconds each: what is due within the same one is counted together. */
const STEP_MS = 50;

/**
 * How many messages this process has handed back with a delay that is not over. Counted by the time at which they are due,
 * so that it costs a number per step of time and nothing per message: whoever gets a message then, it is delayed no more.
 */
export class Delays {
  readonly #clock: Clock;
  readonly #dueAt = new Map<Lane, Map<number, number>>(LANES.map((lane) => [lane, new Map()]));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns when it is due, by the monotonic clock. */
  add(lane: Lane, delayMs: number): number {
    const dueAt = this.#dueAt.get(lane) as Map<number, number>;
    const dueAtMs = this.#clock.monotonicMs() + delayMs;
    const step = Math.floor(dueAtMs / STEP_MS);
    const counted = dueAt.get(step);
    if (counted === undefined) this.#forgetPast(dueAt);
    dueAt.set(step, (counted ?? 0) + 1);
    return dueAtMs;
  }

  /** One that was to be due then is due already. */
  takeBack(lane: Lane, dueAtMs: number): void {
    const dueAt = this.#dueAt.get(lane) as Map<number, number>;
    const step = Math.floor(dueAtMs / STEP_MS);
    const counted = dueAt.get(step);
    if (counted !== undefined) dueAt.set(step, counted - 1);
  }

  count(lane: Lane): number {
    const dueAt = this.#dueAt.get(lane) as Map<number, number>;
    this.#forgetPast(dueAt);
    let sum = 0;
    for (const counted of dueAt.values()) sum += counted;
    return sum;
  }

  #forgetPast(dueAt: Map<number, number>): void {
    const now = Math.floor(this.#clock.monotonicMs() / STEP_MS);
    for (const step of dueAt.keys()) if (step < now) dueAt.delete(step);
  }
}
