import {
  CLUSTERS,
  type Clock,
  type ClusterFigures,
  type ClusterId,
  type ControlStore,
  isHelixError,
  LANES,
  type Lane,
  type Logger,
  type Metrics,
  type ReplayQueue,
  type WorkerFigures,
} from "@helix/core";
import {
  boundedText,
  clock,
  clusterNames,
  having,
  logger,
  metrics,
  milliseconds,
  type OptionsOf,
  random,
  readOptions,
  text,
  wait,
} from "@helix/core/internal";
import { ObeyedRates } from "../rates/obeyed-rates.ts";
import { recordOf } from "../record-of.ts";
import { heldIn } from "../status/traffic.ts";
import { WarningLog } from "../status/warning-log.ts";
import { PerSecondOf } from "./per-second.ts";
import { listPods } from "./pod-list.ts";
import { PODS_KEY, type PodLane, type PodReport, PROTOCOL } from "./pod-report.ts";

/** In beats. */
const DEPTHS_EVERY = 3;
const WARNINGS_EVERY = 12;
const SWEEP_EVERY = 120;
/** So long a stop waits for the store. */
const GOODBYE_MS = 1_000;
/** Of a text in the report. */
const MAX_TEXT = 300;

/** What a pod reports of: a `ReplayWorker`. */
export interface ReportingWorker {
  figures(): WorkerFigures;
  setRateLimit(cluster: ClusterId, perSecond: number | undefined): void;
}

export interface HeartbeatOptions {
  readonly control: ControlStore;
  readonly queue: Pick<ReplayQueue, "depths" | "room" | "traits" | "warning">;
  readonly worker: ReportingWorker;
  /** Where it runs, such as the name of the pod. */
  readonly host: string;
  readonly version: string;
  /** Between reports. Milliseconds, 1 000 to 60 000. @default 5_000 */
  readonly intervalMs?: number | undefined;
  /** What the clusters are called. @default A and B */
  readonly clusterNames?: Readonly<Partial<Record<ClusterId, string>>> | undefined;
  /** Where log lines go, warnings of `status` among them. Whatever it does changes nothing. @default none */
  readonly logger?: Logger | undefined;
  /** Has `helix_warning` for each of those warnings. Whatever it does changes nothing. @default none */
  readonly metrics?: Metrics | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
  /** What makes the ids of two pods differ: a number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

interface Settings {
  readonly control: ControlStore;
  readonly queue: HeartbeatOptions["queue"];
  readonly worker: ReportingWorker;
  readonly host: string;
  readonly version: string;
  readonly intervalMs: number;
  readonly clusterNames: Readonly<Record<ClusterId, string>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: () => number;
}

const OPTIONS: OptionsOf<Settings> = {
  control: having<ControlStore>("a ControlStore", ["get", "put", "delete", "list", "watch"]),
  queue: having<HeartbeatOptions["queue"]>("a ReplayQueue", ["depths"]),
  worker: having<ReportingWorker>("a ReplayWorker", ["figures", "setRateLimit"]),
  host: text({ about: "Where it runs." }),
  version: text({ about: "Of the pod." }),
  intervalMs: milliseconds({ min: 1_000, max: 60_000, fallback: 5_000, about: "Between reports." }),
  clusterNames,
  logger,
  metrics,
  clock,
  random,
};

/**
 * Membership of a worker among those that share a queue: says every few seconds in the control store what it does, for `status`, and gives
 * it its share of the rates that people order. One request an interval; the depths of the lanes every third, a `status` for the log every
 * twelfth, and the other pods while a rate holds.
 *
 * new → (`start`) beating → (`stop`) stopped, for good. One that is killed leaves its last report: it is taken for gone after three intervals,
 * and deleted by another one some minutes later.
 */
export class Heartbeat {
  readonly #settings: Settings;
  readonly #key: string;
  readonly #id: string;
  /** By the monotonic clock: whatever the other one jumps, it has been there for so long. */
  readonly #startedMs: number;
  readonly #rates: ObeyedRates;
  readonly #warnings: WarningLog;
  readonly #out = new PerSecondOf<Lane>();
  readonly #died = new PerSecondOf<Lane>();
  readonly #depth = new PerSecondOf<Lane>();
  #inBackOff: Readonly<Partial<Record<Lane, number>>> = {};
  #beats = 0;
  #beat: Promise<void> | undefined;
  #look: Promise<void> | undefined;
  #isLooking = false;
  #isStopped = false;
  #complaint: string | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @throws TypeError, RangeError for an option. */
  constructor(options: HeartbeatOptions) {
    const settings = readOptions<Settings>("Heartbeat", OPTIONS, options);
    this.#settings = settings;
    this.#id = idOf(settings);
    this.#key = `${PODS_KEY}.${this.#id}`;
    this.#startedMs = settings.clock.monotonicMs();
    this.#rates = new ObeyedRates({ ...settings, countPods: () => this.#countPods() });
    this.#warnings = new WarningLog(settings, settings, this.#id);
  }

  /** Under which its report lies. */
  get id(): string {
    return this.#id;
  }

  /** From now on it reports. Twice is safe. */
  start(): void {
    if (this.#cancelTimer === undefined && !this.#isStopped) this.#next();
  }

  /** Resolves when it is known whether rates are ordered, which are obeyed a moment later. */
  ratesKnown(): Promise<void> {
    return this.#rates.known();
  }

  /** Says that it is going: the others take its share over. Resolves when they can know, within a second in any case. Twice is safe. */
  async stop(): Promise<void> {
    const wasBeating = !this.#isStopped && this.#cancelTimer !== undefined;
    this.#isStopped = true;
    this.#rates.close();
    this.#cancelTimer?.();
    if (!wasBeating) return;
    const { control, clock } = this.#settings;
    const over = new AbortController();
    // A report that is under way would come after it.
    const gone = (this.#beat ?? Promise.resolve()).then(() => control.delete(this.#key)).catch(() => {});
    await Promise.race([gone.then(() => over.abort()), wait(clock, GOODBYE_MS, over.signal)]);
  }

  #next(): void {
    const { clock, intervalMs } = this.#settings;
    this.#cancelTimer = clock.setTimer(() => this.#next(), intervalMs);
    // A store that does not answer is not asked more often than it gives up.
    this.#beat ??= this.#report().finally(() => {
      this.#beat = undefined;
    });
  }

  async #report(): Promise<void> {
    const { control } = this.#settings;
    const beat = this.#beats++;
    if (beat % DEPTHS_EVERY === 0) void this.#lookAtLanes();
    try {
      await control.put(this.#key, this.#made());
      this.#complaint = undefined;
    } catch (error) {
      await this.#complain(error);
      return;
    }
    // Not waited for: the next report is not to be late, since the others would take this pod for gone.
    this.#look ??= this.#lookAround(beat).finally(() => {
      this.#look = undefined;
    });
  }

  async #lookAround(beat: number): Promise<void> {
    await this.#rates.look();
    if (beat % WARNINGS_EVERY === WARNINGS_EVERY - 1) await this.#warnings.look();
    if (beat % SWEEP_EVERY === 0) await this.#sweep().catch(() => {});
  }

  #made(): PodReport {
    const { clock, queue, worker, host, version, intervalMs } = this.#settings;
    const { clusters, lanes } = worker.figures();
    const { warning } = queue;
    const nowMs = clock.monotonicMs();
    const atMs = clock.wallMs();
    this.#out.add(
      nowMs,
      recordOf(LANES, (lane) => lanes[lane].applied + lanes[lane].dead),
    );
    this.#died.add(
      nowMs,
      recordOf(LANES, (lane) => lanes[lane].dead),
    );
    return {
      protocol: PROTOCOL,
      id: this.#id,
      host: boundedText(host, MAX_TEXT),
      version: boundedText(version, MAX_TEXT),
      startedAtMs: Math.max(0, Math.round(atMs - (nowMs - this.#startedMs))),
      atMs,
      intervalMs,
      ...(warning !== undefined && { warning: boundedText(warning, MAX_TEXT) }),
      clusters: recordOf(CLUSTERS, (cluster) => bounded(clusters[cluster])),
      lanes: recordOf(
        LANES,
        (lane): PodLane => ({
          ...lanes[lane],
          inBackOff: this.#inBackOff[lane] ?? 0,
          out: this.#out.of(lane),
          died: this.#died.of(lane),
          growth: this.#depth.of(lane),
        }),
      ),
    };
  }

  async #lookAtLanes(): Promise<void> {
    // One that hangs is not asked again.
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { queue, clock } = this.#settings;
    try {
      const depths = await queue.depths();
      const of = new Map(depths.map((depth) => [depth.lane, depth]));
      this.#depth.add(
        clock.monotonicMs(),
        recordOf(LANES, (lane) => heldIn(of.get(lane))),
      );
      this.#inBackOff = recordOf(LANES, (lane) => of.get(lane)?.delayed ?? 0);
    } catch {
      // It is away, and the queue tells of it.
    } finally {
      this.#isLooking = false;
    }
  }

  async #countPods(): Promise<number> {
    const pods = await listPods(this.#settings.control);
    const others = pods.filter(({ key, isAlive }) => isAlive && key !== this.#key);
    return others.length + 1;
  }

  /** Those that went without a word, a while ago. */
  async #sweep(): Promise<void> {
    const { control } = this.#settings;
    const pods = await listPods(control);
    for (const { key, revision, isForgotten } of pods) {
      // One that is there again has another revision.
      if (isForgotten) await control.delete(key, { revision }).catch(() => {});
    }
  }

  /** Once for each kind, until a report is stored. */
  async #complain(error: unknown): Promise<void> {
    const what: string = isHelixError(error) ? error.code : "unknown";
    if (this.#complaint === what) return;
    // Of one that is away the queue tells. One that is read and stores nothing, as with a full disk, is known by this alone.
    if (what === "HELIX_QUEUE_UNAVAILABLE" && !(await this.#canRead())) return;
    this.#complaint = what;
    this.#settings.logger.warn({ error }, "the pod cannot say that it is there: nobody counts on it");
  }

  #canRead(): Promise<boolean> {
    return this.#settings.control.get(this.#key).then(
      () => true,
      () => false,
    );
  }
}

/** A key takes letters, digits, `_` and `-`. */
function idOf({ host, random }: Settings): string {
  const name = host.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 48);
  const start = Math.floor(random() * 36 ** 6)
    .toString(36)
    .padStart(6, "0");
  return `${name}-${start}`;
}

function bounded(figures: ClusterFigures): ClusterFigures {
  const { pausedBy, lastError, refusedWrites, shortestGrace } = figures;
  return {
    ...figures,
    ...(pausedBy !== undefined && { pausedBy: boundedText(pausedBy, MAX_TEXT) }),
    ...(lastError !== undefined && {
      lastError: { ...lastError, text: boundedText(lastError.text, MAX_TEXT) },
    }),
    ...(refusedWrites !== undefined && {
      refusedWrites: {
        ...refusedWrites,
        tables: boundedText(refusedWrites.tables, MAX_TEXT),
        text: boundedText(refusedWrites.text, MAX_TEXT),
      },
    }),
    ...(shortestGrace !== undefined && {
      shortestGrace: { ...shortestGrace, table: boundedText(shortestGrace.table, MAX_TEXT) },
    }),
  };
}
