import { type Clock, type HelixError, helixError, type Lane } from "@helix/core";

/** What the leases of a lane have in common. */
export interface LeaseTerms {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** It counts no more against what the lane may hold. */
  readonly onFree: (lease: Lease) => void;
}

/**
 * One delivery: where it is settled, and until when it is this process's to settle. The lease begins when the message
 * arrives, and moves only when the server is known to have begun anew.
 *
 * States: held, which counts against what the lane may hold → free, as soon as a settlement was sent, it was given up, or it
 * has lapsed. What has been given up is over for good.
 */
export class Lease {
  readonly reply: string;
  readonly #terms: LeaseTerms;
  #untilMs: number;
  /** Whether it counts against what the lane may hold; see `HeldLeases`. */
  isHeld = false;
  #isGivenUp = false;
  #isFree = false;

  /** @param arrivedAtMs When the message did, by the wall clock; not later than that. */
  constructor(reply: string, terms: LeaseTerms, arrivedAtMs: number) {
    this.reply = reply;
    this.#terms = terms;
    this.#untilMs = arrivedAtMs + terms.leaseMs;
  }

  /** Wall clock, milliseconds; long ago for one that was given up. */
  get untilMs(): number {
    return this.#isGivenUp ? 0 : this.#untilMs;
  }

  /** It has lapsed or was given up: somebody else may have the message. */
  get isOver(): boolean {
    return this.#isGivenUp || this.#untilMs <= this.#terms.clock.wallMs();
  }

  /** What a settlement rejects with that was not told before it was over. */
  lapsed(): HelixError {
    return helixError(
      "HELIX_LEASE_LAPSED",
      "Its lease was over before the queue could be told of the settlement",
      { lane: this.#terms.lane },
    );
  }

  get isFree(): boolean {
    return this.#isFree;
  }

  /** The server has begun anew. */
  moveTo(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  free(): void {
    if (this.#isFree) return;
    this.#isFree = true;
    this.#terms.onFree(this);
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.free();
  }
}
