import type { ErrorReading } from "@helix/core";

/** No number of failures takes it below this. */
const FLOOR = 8;
/** More of a window's executions than this share time out: the cluster has too much to do. */
const MAX_TIMEOUT_SHARE = 1 / 5;

/**
 * How many executions a cluster is believed to bear: one more with each answer, half when it has too much to
 * do. Pure.
 *
 * It is halved at most once per window, since what was started before says nothing about the new limit. A
 * window is as many executions as the limit was at its start.
 *
 * Where they time out and nothing at all is answered, it is load that has stifled the cluster, or these
 * messages are bad. So one window is made at the floor: if that is not answered either it was not the load,
 * and the limit is what it was, until there is an answer again. After a restart it doubles with each window that
 * is not answered, until it is what it was.
 */
export class AdaptiveLimit {
  readonly #max: number;
  #value: number;
  /** Executions that were started earlier do not count. */
  #windowOrder = 0;
  #windowSize: number;
  #ended = 0;
  #answered = 0;
  #timedOut = 0;
  /** The limit to return to, during a window at the floor or since a restart. */
  #before: number | undefined;
  #isRestarted = false;
  #isLoadExcluded = false;

  /** Starts at the most it may be. */
  constructor(max: number) {
    this.#max = max;
    this.#value = max;
    this.#windowSize = max;
  }

  get value(): number {
    return this.#value;
  }

  /** From now on, with executions that are started from `order` on, it begins with `value`. */
  restart(value: number, order: number): void {
    this.#before ??= this.#value;
    this.#isRestarted = true;
    this.#value = Math.min(this.#max, value);
    this.#isLoadExcluded = false;
    this.#beginWindow(order);
  }

  /** An execution ended; undefined: in none of these ways. `nextOrder` is what the next one to be started has. */
  ended(how: "answered" | ErrorReading["load"], order: number, nextOrder: number): void {
    if (how === "answered") {
      if (this.#value < this.#max) this.#value++;
      // A few answers after a restart do not tell where the limit was.
      if (!this.#isRestarted || this.#value >= (this.#before ?? 0)) this.#forgetBefore();
      this.#isLoadExcluded = false;
    }
    if (order < this.#windowOrder) return;
    this.#ended++;
    if (how === "answered") this.#answered++;
    if (how === "timeout") this.#timedOut++;
    if (how === "overload" || (this.#isStrained && this.#answered > 0)) {
      if (how === "overload" || this.#value > FLOOR) this.#forgetBefore();
      this.#lower(Math.floor(this.#value / 2), nextOrder);
    } else if (this.#isStrained && !this.#isLoadExcluded && this.#isUntried) {
      this.#before ??= this.#value;
      this.#lower(FLOOR, nextOrder);
    } else if (this.#ended >= this.#windowSize) {
      if (this.#answered === 0) this.#excludeLoad();
      this.#beginWindow(this.#windowOrder);
    }
  }

  /** A whole window was not answered. If it was at the floor, or below, that is not for the load. */
  #excludeLoad(): void {
    const before = this.#before;
    if (before === undefined || (this.#value > FLOOR && !this.#isLoadExcluded)) return;
    this.#isLoadExcluded = this.#value >= FLOOR;
    this.#value = this.#isRestarted ? Math.min(before, 2 * this.#value) : before;
    if (this.#value === before) this.#forgetBefore();
  }

  #forgetBefore(): void {
    this.#before = undefined;
    this.#isRestarted = false;
  }

  /** Whether a window at the floor may still show that it is the load. */
  get #isUntried(): boolean {
    return this.#before === undefined || this.#value > FLOOR;
  }

  get #isStrained(): boolean {
    return this.#timedOut > this.#windowSize * MAX_TIMEOUT_SHARE;
  }

  #lower(value: number, nextOrder: number): void {
    this.#value = Math.min(this.#value, Math.max(FLOOR, value));
    this.#beginWindow(nextOrder);
  }

  #beginWindow(order: number): void {
    this.#windowOrder = order;
    this.#windowSize = this.#value;
    this.#ended = 0;
    this.#answered = 0;
    this.#timedOut = 0;
  }
}
