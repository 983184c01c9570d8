import type { Clock } from "@helix/core";
import type { Lease } from "./lease.ts";

/**
 * What a lane holds: the leases that are neither free nor over. One that nobody frees stops counting when it lapses, so
 * that nothing that forgets a message can stop its lane.
 */
export class HeldLeases {
  readonly #leases = new Set<Lease>();
  readonly #clock: Clock;
  #nextLapseMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** May count some that have lapsed since the last `sweep`. */
  get size(): number {
    return this.#leases.size;
  }

  add(lease: Lease): void {
    this.#leases.add(lease);
    if (lease.untilMs < this.#nextLapseMs) this.#nextLapseMs = lease.untilMs;
  }

  delete(lease: Lease): void {
    this.#leases.delete(lease);
  }

  /** Frees what has lapsed. Returns in how many milliseconds the next one may; a look before that costs nothing. */
  sweep(): number {
    const nowMs = this.#clock.wallMs();
    if (this.#nextLapseMs <= nowMs) {
      this.#nextLapseMs = Number.POSITIVE_INFINITY;
      for (const lease of this.#leases) {
        if (lease.untilMs <= nowMs) this.#leases.delete(lease);
        else if (lease.untilMs < this.#nextLapseMs) this.#nextLapseMs = lease.untilMs;
      }
    }
    return this.#nextLapseMs - nowMs;
  }
}
