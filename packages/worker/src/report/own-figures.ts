import {
  CLUSTERS,
  type Clock,
  type ClusterFigures,
  type ClusterId,
  LANES,
  type Lane,
  type LaneFigures,
} from "@helix/core";
import type { BreakerState } from "@helix/core/internal";

type Counts = { -readonly [K in keyof Omit<LaneFigures, "inHand">]: number };

interface Known {
  breaker: BreakerState;
  /** By the monotonic clock, as is when the last error was. */
  breakerSinceMs?: number;
  perSecond?: number | undefined;
  /** As it was thrown: it is put into words only where somebody asks. */
  last?: { readonly error: unknown; readonly atMs: number };
}

/** What a worker counts and remembers of itself, whether somebody asks or not: a counter per message, and the last failure. */
export class OwnFigures {
  readonly #clock: Clock;
  readonly #counts = new Map<Lane, Counts>(LANES.map((lane) => [lane, { applied: 0, failed: 0, dead: 0 }]));
  readonly #clusters = new Map<ClusterId, Known>(CLUSTERS.map((cluster) => [cluster, { breaker: "closed" }]));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(lane: Lane, what: keyof Counts): void {
    this.#of(lane)[what]++;
  }

  failed(cluster: ClusterId, error: unknown): void {
    this.#cluster(cluster).last = { error, atMs: this.#clock.monotonicMs() };
  }

  breaker(cluster: ClusterId, state: BreakerState): void {
    const known = this.#cluster(cluster);
    if ((state === "closed") !== (known.breaker === "closed"))
      known.breakerSinceMs = this.#clock.monotonicMs();
    known.breaker = state;
  }

  rateLimit(cluster: ClusterId, perSecond: number | undefined): void {
    this.#cluster(cluster).perSecond = perSecond;
  }

  lane(lane: Lane): Omit<LaneFigures, "inHand"> {
    return { ...this.#of(lane) };
  }

  /** @param textOf What may be told of an error. */
  cluster(
    cluster: ClusterId,
    textOf: (error: unknown) => string,
  ): Pick<ClusterFigures, "breaker" | "breakerSinceMs" | "perSecond" | "lastError"> {
    const { last, breakerSinceMs, ...known } = this.#cluster(cluster);
    return {
      ...known,
      ...(breakerSinceMs !== undefined && { breakerSinceMs: this.wallMs(breakerSinceMs) }),
      ...(last !== undefined && { lastError: { text: textOf(last.error), atMs: this.wallMs(last.atMs) } }),
    };
  }

  /** By the clock as it is now: one that was set meanwhile makes nothing older. */
  wallMs(monotonicMs: number): number {
    return Math.max(0, Math.round(this.#clock.wallMs() - (this.#clock.monotonicMs() - monotonicMs)));
  }

  #of(lane: Lane): Counts {
    return this.#counts.get(lane) as Counts;
  }

  #cluster(cluster: ClusterId): Known {
    return this.#clusters.get(cluster) as Known;
  }
}
