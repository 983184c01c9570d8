import type { Clock } from "@helix/core";
import type { Lease } from "./lease.ts";

/** So many that are held no more are kept before the others are looked through. */
const MOST_LEFT_OVER = 256;

/**
 * What a lane holds: the leases that are neither free nor over. One that nobody frees stops counting when it lapses, so
 * that nothing that forgets a message can stop its lane. A list that is cleaned now and then: as a set, each message took longer.
 */
export class HeldLeases {
  #leases: Lease[] = [];
  #size = 0;
  readonly #clock: Clock;
  #nextLapseMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** May count some that have lapsed since the last `sweep`. */
  get size(): number {
    return this.#size;
  }

  add(lease: Lease): void {
    lease.isHeld = true;
    this.#size++;
    this.#leases.push(lease);
    if (lease.untilMs < this.#nextLapseMs) this.#nextLapseMs = lease.untilMs;
    if (this.#leases.length > 2 * this.#size + MOST_LEFT_OVER) {
      this.#leases = this.#leases.filter(({ isHeld }) => isHeld);
    }
  }

  /** Twice is safe. */
  delete(lease: Lease): void {
    if (!lease.isHeld) return;
    lease.isHeld = false;
    this.#size--;
  }

  /** All that is held. Returns how many that was. */
  giveUp(): number {
    const held = this.#leases.filter(({ isHeld }) => isHeld);
    for (const lease of held) lease.giveUp();
    return held.length;
  }

  /** Frees what has lapsed. Returns in how many milliseconds the next one may; a look before that costs nothing. */
  sweep(): number {
    const nowMs = this.#clock.wallMs();
    if (this.#nextLapseMs <= nowMs) {
      this.#nextLapseMs = Number.POSITIVE_INFINITY;
      for (const lease of this.#leases) {
        if (!lease.isHeld) continue;
        if (lease.untilMs <= nowMs) this.delete(lease);
        else if (lease.untilMs < this.#nextLapseMs) this.#nextLapseMs = lease.untilMs;
      }
    }
    return this.#nextLapseMs - nowMs;
  }
}
