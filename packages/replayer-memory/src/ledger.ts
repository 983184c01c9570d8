import { CLUSTERS, type ClusterId } from "@helix/core";

/**
 * What became of the messages for one cluster since the queue was made. At any moment
 * `enqueued + redriven = applied + deadLettered + drained + pending`, and
 * `deadLettered + restored = deadLettersKept + redriven + discarded`.
 */
export interface Counts {
  /** Accepted by `enqueue`. */
  readonly enqueued: number;
  /** Dead letters that were put back into their lane. */
  readonly redriven: number;
  /** Acknowledged. */
  readonly applied: number;
  readonly deadLettered: number;
  /** Handed out by `drainAll`. */
  readonly drained: number;
  /** Ready, delayed or in hand. */
  readonly pending: number;
  /** Dead letters that are there now. */
  readonly deadLettersKept: number;
  /** Dead letters that were moved into the trash. */
  readonly discarded: number;
  /** Dead letters that were brought back from there. */
  readonly restored: number;
}

type Mutable = { -readonly [K in keyof Counts]: number };

/** The figures of both clusters. One message moves at a time, by one of these. */
export class Ledger {
  readonly #counts = Object.fromEntries(CLUSTERS.map((cluster) => [cluster, zero()])) as Record<
    ClusterId,
    Mutable
  >;

  enqueued(cluster: ClusterId): void {
    this.#counts[cluster].enqueued++;
    this.#counts[cluster].pending++;
  }

  applied(cluster: ClusterId): void {
    this.#counts[cluster].applied++;
    this.#counts[cluster].pending--;
  }

  drained(cluster: ClusterId): void {
    this.#counts[cluster].drained++;
    this.#counts[cluster].pending--;
  }

  deadLettered(cluster: ClusterId): void {
    this.#counts[cluster].deadLettered++;
    this.#counts[cluster].deadLettersKept++;
    this.#counts[cluster].pending--;
  }

  redriven(cluster: ClusterId): void {
    this.#counts[cluster].redriven++;
    this.#counts[cluster].deadLettersKept--;
    this.#counts[cluster].pending++;
  }

  discarded(cluster: ClusterId): void {
    this.#counts[cluster].discarded++;
    this.#counts[cluster].deadLettersKept--;
  }

  restored(cluster: ClusterId): void {
    this.#counts[cluster].restored++;
    this.#counts[cluster].deadLettersKept++;
  }

  snapshot(): Record<ClusterId, Counts> {
    return { A: { ...this.#counts.A }, B: { ...this.#counts.B } };
  }
}

function zero(): Mutable {
  return {
    enqueued: 0,
    redriven: 0,
    applied: 0,
    deadLettered: 0,
    drained: 0,
    pending: 0,
    deadLettersKept: 0,
    discarded: 0,
    restored: 0,
  };
}
