import { LANES, type Lane } from "@helix/core";

/**
 * What a message of unknown content is taken for by its bytes in the queue, until it is there. Blobs and texts are 3 times
 * as much, lists of numbers more than 50 times, for one at a time.
 */
const EXPECTED_GROWTH = 8;
/** Retries and suspects have one byte in so many of their lane's, as retries have of the slots. */
const ASIDE_SHARE = 4;

/**
 * The memory that a worker's messages may take up. Each lane has a quarter for itself: one cluster's backlog keeps none of
 * the other's out, and a high message never waits for a low one, which perhaps waits for a high one itself. What has failed
 * before, or waits for its turn, is set aside, so that it keeps no good ones out.
 *
 * A lane takes messages while it has room, so that one which is larger than that comes too; the next one waits until it is
 * settled.
 */
export class ByteBudget {
  readonly #mostFresh: number;
  readonly #mostAside: number;
  readonly #fresh = nothing();
  readonly #aside = nothing();

  constructor(maxBytes: number) {
    const perLane = maxBytes / LANES.length;
    this.#mostAside = perLane / ASIDE_SHARE;
    this.#mostFresh = perLane - this.#mostAside;
  }

  take(lane: Lane, bytes: number): void {
    this.#fresh[lane] += bytes;
  }

  /** @param isAside Whether it was set aside. */
  give(lane: Lane, bytes: number, isAside: boolean): void {
    (isAside ? this.#aside : this.#fresh)[lane] -= bytes;
  }

  /** Of what was taken. Whether there was room for it there; one that is larger has room alone. */
  setAside(lane: Lane, bytes: number): boolean {
    if (this.#aside[lane] > 0 && this.#aside[lane] + bytes > this.#mostAside) return false;
    this.give(lane, bytes, false);
    this.#aside[lane] += bytes;
    return true;
  }

  /** So many bytes may be fetched for a lane, as they are in the queue; above 0 whenever it holds nothing that is fresh. */
  room(lane: Lane): number {
    return Math.max(0, Math.ceil((this.#mostFresh - this.#fresh[lane]) / EXPECTED_GROWTH));
  }
}

function nothing(): Record<Lane, number> {
  return { "high.A": 0, "low.A": 0, "high.B": 0, "low.B": 0 };
}
