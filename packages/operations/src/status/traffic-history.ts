import { type Clock, type ControlStore, LANES, type Lane, type ReplayQueue } from "@helix/core";
import { clock } from "@helix/core/internal";
import { listPods } from "../pods/pod-list.ts";
import { recordOf } from "../record-of.ts";
import { heldIn, rounded } from "./traffic.ts";

const EVERY_MS = 10_000;
/** A quarter of an hour. */
const MOST_POINTS = 90;

export interface TrafficHistoryOptions {
  readonly queue: Pick<ReplayQueue, "depths">;
  readonly control: Pick<ControlStore, "list">;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

/** What went in and out of each lane within the last quarter of an hour, as far back as somebody has looked. */
export interface TrafficReport {
  /** Of the last point. Milliseconds since 1970; absent: there is none. */
  readonly atMs?: number | undefined;
  /** Between points. Milliseconds. */
  readonly everyMs: number;
  readonly lanes: readonly LaneTraffic[];
}

/** Messages per second, the oldest point first; null where nobody knows. Both are estimates. */
export interface LaneTraffic {
  readonly lane: Lane;
  /** What left it, and by how much it grew. */
  readonly in: readonly (number | null)[];
  /** Applied or dead, by all pods. */
  readonly out: readonly (number | null)[];
}

interface Point {
  readonly in: Partial<Record<Lane, number>>;
  readonly out: Partial<Record<Lane, number>>;
}

interface Look {
  readonly atMs: number;
  readonly held: Readonly<Record<Lane, number>>;
  /** By the key of the pod: when it reported, and what it had taken out until then. */
  readonly pods: ReadonlyMap<string, { readonly storedAtMs: number; readonly taken: Record<Lane, number> }>;
}

/**
 * Looks every ten seconds at the lanes and at what the pods report, two requests, and keeps ninety points. A queue that is away, or that takes
 * longer to answer, leaves a gap; what is known after one is the mean since the look before it.
 *
 * new → (`start`) looking → (`stop`) stopped, for good.
 */
export class TrafficHistory {
  readonly #options: TrafficHistoryOptions;
  readonly #clock: Clock;
  readonly #points: Point[] = [];
  #atMs: number | undefined;
  #last: Look | undefined;
  #isLooking = false;
  #isStopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: TrafficHistoryOptions) {
    this.#options = options;
    this.#clock = clock.check(options.clock, "clock");
  }

  /** Twice is safe. */
  start(): void {
    if (this.#cancelTimer === undefined && !this.#isStopped) this.#next();
  }

  /** Twice is safe. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  report(): TrafficReport {
    const of = (way: keyof Point, lane: Lane) => this.#points.map((point) => point[way][lane] ?? null);
    return {
      atMs: this.#atMs,
      everyMs: EVERY_MS,
      lanes: LANES.map((lane) => ({ lane, in: of("in", lane), out: of("out", lane) })),
    };
  }

  #next(): void {
    this.#cancelTimer = this.#clock.setTimer(() => this.#next(), EVERY_MS);
    const point: Point = { in: {}, out: {} };
    // Of the first look there is nothing to be told yet.
    if (this.#last !== undefined) {
      this.#atMs = this.#clock.wallMs();
      this.#points.push(point);
      if (this.#points.length > MOST_POINTS) this.#points.shift();
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#look()
      .then(
        (look) => {
          if (this.#last !== undefined) fill(point, this.#last, look);
          this.#last = look;
        },
        // It is away, and the queue tells of it.
        () => {},
      )
      .finally(() => {
        this.#isLooking = false;
      });
  }

  async #look(): Promise<Look> {
    const { queue, control } = this.#options;
    const [depths, pods] = await Promise.all([queue.depths(), listPods(control)]);
    return {
      atMs: this.#clock.monotonicMs(),
      held: recordOf(LANES, (lane) => heldIn(depths.find((depth) => depth.lane === lane))),
      pods: new Map(
        pods.flatMap(({ key, storedAtMs, report }) => {
          if (report === undefined) return [];
          const { lanes } = report;
          return [
            [key, { storedAtMs, taken: recordOf(LANES, (lane) => lanes[lane].applied + lanes[lane].dead) }],
          ];
        }),
      ),
    };
  }
}

function fill(point: Point, before: Look, now: Look): void {
  const ms = now.atMs - before.atMs;
  for (const lane of LANES) {
    const out = [...now.pods].reduce((sum, [key, { storedAtMs, taken }]) => {
      const earlier = before.pods.get(key);
      // One that has come since has taken all of it since; reports come when they come.
      if (earlier === undefined) return sum + (1000 * taken[lane]) / ms;
      const reportedMs = storedAtMs - earlier.storedAtMs;
      return reportedMs <= 0 ? sum : sum + (1000 * (taken[lane] - earlier.taken[lane])) / reportedMs;
    }, 0);
    const grew = (1000 * (now.held[lane] - before.held[lane])) / ms;
    point.out[lane] = rounded(out);
    point.in[lane] = rounded(Math.max(0, out + grew));
  }
}
