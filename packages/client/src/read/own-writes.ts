import { type Clock, type ClusterId, clusterOf, type LaneDepth, type ReplayQueue } from "@helix/core";
import { expected, milliseconds, type Option, object, readOptions, withDefault } from "@helix/core/internal";

/** Between two questions to the queue. */
const LOOK_INTERVAL_MS = 250;

/** How long what a cluster missed is remembered, or false. */
export type ReadYourWrites = false | { readonly forMs: number };

const EXPECTATION = "true, false, or an object with `forMs`";

/** Reads the option `readYourWrites`. */
export const readYourWrites: Option<ReadYourWrites> = withDefault<ReadYourWrites>(
  false,
  object(
    {
      expectation: EXPECTATION,
      about:
        "Whether reads go to the other cluster while one lacks writes of this client, for `forMs` (60000) at most. Best effort.",
    },
    (value, name) => {
      if (value === false) return value;
      if (value !== true && (typeof value !== "object" || value === null)) {
        throw new TypeError(expected(name, EXPECTATION, value));
      }
      const options = { forMs: milliseconds({ fallback: 60_000 }) };
      return readOptions(`\`${name}\``, options, value === true ? {} : value);
    },
  ),
  "`false`",
);

export interface OwnWritesOptions {
  readonly clock: Clock;
  /** After so long a write is taken to have been replayed. */
  readonly forMs: number;
  /** Asked for its depths, if it has them; not waited for, and it may throw or hang. */
  readonly queue: Partial<Pick<ReplayQueue, "depths">> | undefined;
}

/**
 * Which clusters lack writes of this client, as far as it knows. It forgets a cluster when the queue has been empty for it
 * since the last write that it missed, or after `forMs`; that the queue is empty says nothing of dead letters. It remembers
 * one write per cluster, and how many are in the background.
 */
export class OwnWrites {
  readonly #options: OwnWritesOptions;
  /** The last write that a cluster missed. */
  readonly #missed = new Map<ClusterId, { readonly atMs: number }>();
  readonly #inBackground = { A: 0, B: 0 };
  #isLooking = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: OwnWritesOptions) {
    this.#options = options;
  }

  /** It missed one: to be said before that is queued, and again afterwards, lest the queue be seen empty in between. */
  missed(cluster: ClusterId): void {
    this.#missed.set(cluster, { atMs: this.#options.clock.monotonicMs() });
  }

  /** Its answer is awaited in the background, until then. */
  awaited(cluster: ClusterId, write: Promise<unknown>): void {
    const end = () => void this.#inBackground[cluster]--;
    this.#inBackground[cluster]++;
    write.then(end, end);
  }

  isMissing(cluster: ClusterId): boolean {
    if (this.#inBackground[cluster] > 0) return true;
    const last = this.#missed.get(cluster);
    if (last === undefined) return false;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - last.atMs >= this.#options.forMs) {
      this.#missed.delete(cluster);
      return false;
    }
    if (!this.#isLooking && nowMs - this.#lookedAtMs >= LOOK_INTERVAL_MS) void this.#look(nowMs);
    return true;
  }

  async #look(nowMs: number): Promise<void> {
    const { queue } = this.#options;
    this.#isLooking = true;
    this.#lookedAtMs = nowMs;
    const before = [...this.#missed];
    try {
      const found = await queue?.depths?.();
      if (found !== undefined) this.#forgetWhere(found, before);
    } catch {
      // It is unknown, and time decides.
    }
    this.#isLooking = false;
  }

  #forgetWhere(found: readonly LaneDepth[], before: readonly [ClusterId, object][]): void {
    for (const [cluster, last] of before) {
      const isEmpty = found.every((depth) => clusterOf(depth.lane) !== cluster || messagesIn(depth) === 0);
      if (isEmpty && this.#missed.get(cluster) === last) this.#missed.delete(cluster);
    }
  }
}

function messagesIn({ pending, inFlight, delayed, stuck }: LaneDepth): number {
  return pending + inFlight + delayed + stuck;
}
