import { type ClusterId, otherCluster } from "@helix/core";

/** Where reads go: `sticky`, `primary` or `nearest`. */
export type ReadStrategyName = "sticky" | "primary" | "nearest";

export const READ_STRATEGIES: readonly ReadStrategyName[] = Object.freeze(["sticky", "primary", "nearest"]);

/** Chooses the cluster that a read is sent to first; the other has it if that one cannot answer. */
export interface ReadStrategy {
  /** Draws anew each time. */
  first(): ClusterId;
  answered(cluster: ClusterId, tookMs: number): void;
  failed(cluster: ClusterId, tookMs: number): void;
}

/** Stays with the cluster that has answered last, since two reads from two clusters may see two pasts. */
export class StickyReads implements ReadStrategy {
  #current: ClusterId;

  constructor(first: ClusterId) {
    this.#current = first;
  }

  first(): ClusterId {
    return this.#current;
  }

  answered(cluster: ClusterId): void {
    this.#current = cluster;
  }

  failed(): void {}
}

/** Always the same cluster: back to it with the first read after it is there again. */
export class PrimaryReads implements ReadStrategy {
  readonly #primary: ClusterId;

  constructor(primary: ClusterId) {
    this.#primary = primary;
  }

  first(): ClusterId {
    return this.#primary;
  }

  answered(): void {}

  failed(): void {}
}

/** The strategy of that name. */
export function readStrategy(name: ReadStrategyName, first: ClusterId, random: () => number): ReadStrategy {
  if (name === "sticky") return new StickyReads(first);
  return name === "primary" ? new PrimaryReads(first) : new NearestReads(first, random);
}

/** One read in so many goes to the other cluster, to know how far it is. */
const EXPLORED = 0.05;
/** As long as less is known of the other than this, every second read does. */
const MIN_SAMPLES = 25;
/** The weight of one read in what is known of its cluster. */
const WEIGHT = 0.02;
/** So many times nearer the other must be, */
const NEARER = 1.5;
/** and so many reads must have passed since the last change. */
const MIN_READS = 100;
/** What a read that failed counts as, at the least. */
const FAILED_MS = 1_000;

/**
 * The cluster that answers sooner, by the reads that were made. Which those are is drawn, so that both are measured by the
 * same mixture of queries; the mean is one of logarithms, in which a pause of the collector is one bad read and no more. It
 * trades reads from two pasts for their speed: the other one has every twentieth, and it moves for a good reason only.
 */
export class NearestReads implements ReadStrategy {
  readonly #random: () => number;
  readonly #known = { A: new Distance(), B: new Distance() };
  #current: ClusterId;
  #readsSinceChange = 0;

  constructor(first: ClusterId, random: () => number) {
    this.#current = first;
    this.#random = random;
  }

  first(): ClusterId {
    const other = otherCluster(this.#current);
    const share = this.#known[other].samples < MIN_SAMPLES ? 0.5 : EXPLORED;
    return this.#random() < share ? other : this.#current;
  }

  answered(cluster: ClusterId, tookMs: number): void {
    this.#known[cluster].add(tookMs);
    this.#readsSinceChange++;
    const other = otherCluster(this.#current);
    const [here, there] = [this.#known[this.#current], this.#known[other]];
    if (this.#readsSinceChange < MIN_READS || there.samples < MIN_SAMPLES) return;
    if (there.logMs + Math.log(NEARER) < here.logMs) this.#move(other);
  }

  failed(cluster: ClusterId, tookMs: number): void {
    this.#known[cluster].add(Math.max(tookMs, FAILED_MS));
    if (cluster === this.#current) this.#move(otherCluster(cluster));
  }

  #move(cluster: ClusterId): void {
    this.#current = cluster;
    this.#readsSinceChange = 0;
  }
}

/** How long a cluster takes to answer: the logarithm of milliseconds, exponentially weighted. */
class Distance {
  samples = 0;
  logMs = 0;

  add(tookMs: number): void {
    const logMs = Math.log(Math.max(tookMs, 0.01));
    this.samples++;
    // Plainly the mean until there are enough: the first read would weigh too much.
    this.logMs += (logMs - this.logMs) * Math.max(WEIGHT, 1 / this.samples);
  }
}
