import { LANES, type Lane } from "@helix/core";

/**
 * What a message of unknown content is taken for by its bytes in the queue, until it is there. Blobs and texts are 3 times
 * as much, lists of numbers more than 50 times, for one at a time.
 */
const EXPECTED_GROWTH = 8;

/**
 * The memory that a worker's messages may take up. Each lane has a quarter for itself: one cluster's backlog keeps none of
 * the other's out, and a high message never waits for a low one, which perhaps waits for a high one itself. A lane takes
 * messages while it has room, so that one which is larger than that comes too; the next one waits until it is settled.
 */
export class ByteBudget {
  readonly #perLane: number;
  readonly #held: Record<Lane, number> = { "high.A": 0, "low.A": 0, "high.B": 0, "low.B": 0 };

  constructor(maxBytes: number) {
    this.#perLane = Math.max(1, maxBytes / LANES.length);
  }

  take(lane: Lane, bytes: number): void {
    this.#held[lane] += bytes;
  }

  give(lane: Lane, bytes: number): void {
    this.#held[lane] -= bytes;
  }

  /** So many bytes may be fetched for a lane, as they are in the queue; above 0 whenever it holds nothing. */
  room(lane: Lane): number {
    return Math.max(0, Math.ceil((this.#perLane - this.#held[lane]) / EXPECTED_GROWTH));
  }
}
