import {
  CLUSTERS,
  type ClusterFigures,
  type ClusterId,
  clusterOf,
  type EventSource,
  isClusterId,
  LANES,
  type Lane,
  type LaneFigures,
  type Startable,
  type WorkerEvents,
  type WorkerFigures,
} from "@helix/core";
import {
  expected,
  milliseconds,
  onAbort,
  optional,
  readOption,
  readOptions,
  signal as signalOption,
} from "@helix/core/internal";
import { ClusterRunner } from "./cluster/cluster-runner.ts";
import { ByteBudget } from "./decide/byte-budget.ts";
import { SuspectTurn } from "./hand/suspect-turn.ts";
import { perSecond, type ReplayWorkerOptions, readWorkerOptions, type WorkerSettings } from "./options.ts";
import { Pauses } from "./pauses.ts";
import { Reporter } from "./report/reporter.ts";
import { RetentionWatch } from "./report/retention-watch.ts";

/**
 * Executes what a queue holds on the cluster that missed it, for both clusters independently. What came
 * of an execution decides what becomes of the message:
 *
 * - `applied`: acknowledged.
 * - `unavailable`: handed back at no cost, and the cluster is left alone until a single trial is answered.
 * - `uncertain`: handed back with a growing delay, and counted only where the failure is proved to be the
 *   message's own: another one for the same table, started later, was applied meanwhile; or, once it has been
 *   failing for `patienceMs`, since the failure before, and the cluster answers a probe. Counted `maxDeliver`
 *   times it is a dead letter; never proved, it ends as the queue's retention has it.
 * - `rejected`: a dead letter at once; `too-old` or `table-gone` where that is why.
 *
 * What is undecodable, held, expired or out of attempts becomes a dead letter unexecuted. A message that is
 * suspected of killing the process is executed while no other suspect of this worker is.
 *
 * States: stopped → (`start`) running → (`stop`) stopping → stopped. Calls during a change take effect
 * after it, in their order; callers who want the same share one promise.
 */
export class ReplayWorker implements Startable, EventSource<WorkerEvents> {
  readonly #settings: WorkerSettings;
  readonly #reporter: Reporter;
  readonly #runners: Readonly<Record<ClusterId, ClusterRunner>>;
  readonly #pauses: Pauses;
  readonly #retention: RetentionWatch;
  #last: Change = { kind: "stop", promise: Promise.resolve(), over: Promise.resolve() };
  #isOpen = false;
  #isRunning = false;
  /** Each ends the grace of a stop that is under way. */
  readonly #cuts = new Set<AbortController>();

  /** @throws TypeError, RangeError for an option that does not exist, is of a wrong type or out of range. */
  constructor(options: ReplayWorkerOptions) {
    const settings = readWorkerOptions(options);
    this.#settings = settings;
    this.#reporter = new Reporter(settings);
    const shared = { turn: new SuspectTurn(), budget: new ByteBudget(settings.maxBytesInHand) };
    const runnerFor = (cluster: ClusterId) => new ClusterRunner(cluster, settings, this.#reporter, shared);
    this.#runners = { A: runnerFor("A"), B: runnerFor("B") };
    this.#pauses = new Pauses({
      gate: settings.gate,
      onChange: (cluster, reason) => {
        this.#runners[cluster].setPaused(reason !== undefined);
        this.#reporter.paused(cluster, reason);
      },
    });
    this.#retention = new RetentionWatch({
      executor: settings.executor,
      retentionMs: settings.queue.traits.retentionMs,
      known: (...found) => this.#reporter.graceKnown(...found),
    });
    for (const cluster of CLUSTERS) this.#reporter.begin(cluster, settings.rateLimit);
  }

  /** Whether it receives messages: from a `start` that has resolved until `stop` is called. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Listens to an event (`worker:…`, `replay:…`, `cluster:…`); returns what ends that. */
  on<N extends keyof WorkerEvents>(name: N, listener: (event: WorkerEvents[N]) => unknown): () => void {
    return this.#reporter.on(name, listener);
  }

  /**
   * Resolves when it runs. Rejects with what the queue's `open` throws; it is then stopped. A rejection that nobody
   * handles is an unhandled one, as of any promise.
   */
  start(): Promise<void> {
    if (this.#last.kind === "start") return this.#last.promise;
    const opened = this.#last.over.then(() => this.#open());
    const over = opened.catch(() => {
      // So that the next start is another try.
      if (this.#last === start) this.#last = { kind: "stop", promise: over, over };
    });
    // The caller's own: to the runtime, a rejection of which `over` takes care would be handled.
    const start: Change = { kind: "start", promise: opened.then(() => {}), over };
    this.#last = start;
    return start.promise;
  }

  /**
   * Resolves when nothing of it is left: no source, timer or message in hand. It waits up to `graceMs`,
   * or until `signal` is aborted, for what is being executed, aborts the rest, and hands everything that
   * is not finished back at once and at no cost. Of several calls the most impatient decides, also on earlier
   * stops that it has to wait for.
   *
   * Rejects with TypeError or RangeError if `graceMs` is not an integer from 0; nothing has happened then.
   */
  async stop(
    options: { graceMs?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { clock, stopGraceMs } = this.#settings;
    const { graceMs, signal } = readOptions<StopOptions>(
      "stop",
      {
        graceMs: milliseconds({ min: 0, fallback: stopGraceMs }),
        signal: optional(signalOption),
      },
      options,
    );
    if (this.#last.kind === "start") {
      const cut = new AbortController();
      this.#cuts.add(cut);
      this.#isRunning = false;
      const closed = this.#last.over
        .then(() => this.#close(cut.signal))
        .finally(() => this.#cuts.delete(cut));
      this.#last = { kind: "stop", promise: closed, over: closed };
    }
    const { promise } = this.#last;
    const cuts = [...this.#cuts];
    const hurry = () => {
      for (const cut of cuts) cut.abort();
    };
    if (graceMs === 0 || signal?.aborted) hurry();
    const endListening = signal && onAbort(signal, hurry);
    const cancel = clock.setTimer(hurry, graceMs);
    try {
      await promise;
    } finally {
      cancel();
      endListening?.();
    }
  }

  /**
   * Replays nothing more on a cluster: nothing is received, what is in hand is handed back at no cost, what is
   * being executed goes on. It outlives stop and start. Again, it replaces the reason.
   *
   * @param reason For people, in events and log lines.
   * @throws TypeError for a cluster that does not exist, or an empty reason.
   */
  pause(cluster: ClusterId, reason: string): void {
    checkCluster(cluster);
    if (typeof reason !== "string" || reason === "") {
      throw new TypeError(expected("reason", "a string that is not empty", reason));
    }
    this.#pauses.pause(cluster, reason);
  }

  /** Takes `pause` back. A cluster that the gate holds back as well stays so. */
  resume(cluster: ClusterId): void {
    checkCluster(cluster);
    this.#pauses.resume(cluster);
  }

  /** Why replay to a cluster stands still: the reason of `pause`, else `drained` or `paused` by the gate. */
  pausedBy(cluster: ClusterId): string | undefined {
    checkCluster(cluster);
    return this.#pauses.reasonOf(cluster);
  }

  /**
   * Changes the `rateLimit`, at once.
   *
   * @param cluster Undefined: both.
   * @param limit Executions per second, 0.001 to 1 000 000; undefined: any number.
   * @throws TypeError, RangeError for a cluster that does not exist or a number out of range.
   */
  setRateLimit(cluster: ClusterId | undefined, limit: number | undefined): void {
    if (cluster !== undefined) checkCluster(cluster);
    const checked = readOption(optional(perSecond), limit, "perSecond");
    for (const one of cluster === undefined ? CLUSTERS : [cluster]) {
      this.#runners[one].setRateLimit(checked);
      this.#reporter.rateLimit(one, checked);
    }
  }

  /** What it does and has done, for whoever looks now and then. */
  figures(): WorkerFigures {
    const cluster = (id: ClusterId): ClusterFigures => {
      const pausedBy = this.#pauses.reasonOf(id);
      const shortestGrace = this.#retention.graceOf(id);
      return {
        ...this.#reporter.cluster(id),
        ...(pausedBy !== undefined && { pausedBy }),
        ...(shortestGrace !== undefined && { shortestGrace }),
      };
    };
    const lane = (id: Lane): LaneFigures => ({
      inHand: this.#runners[clusterOf(id)].inHand(id),
      ...this.#reporter.own.lane(id),
    });
    return {
      clusters: { A: cluster("A"), B: cluster("B") },
      lanes: Object.fromEntries(LANES.map((id) => [id, lane(id)])) as Record<Lane, LaneFigures>,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<void> {
    const { queue, executor } = this.#settings;
    try {
      if (queue.identities !== undefined) executor.compareWith?.(queue.identities);
      this.#pauses.watch();
      for (const cluster of CLUSTERS) this.#runners[cluster].open();
    } catch (error) {
      await this.#closeAll(AbortSignal.abort());
      throw error;
    }
    this.#isOpen = true;
    this.#isRunning = this.#last.kind === "start";
    this.#reporter.started();
    this.#retention.start();
  }

  async #close(cut: AbortSignal): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isRunning = false;
    this.#reporter.stopped(await this.#closeAll(cut));
    // Nobody else drains a queue without leases. A stop waits for none that does not answer.
    const { queue } = this.#settings;
    if (queue.traits.leaseMs === undefined) {
      void queue.depths().then(
        (depths) => this.#reporter.left(depths),
        () => {},
      );
    }
  }

  /** Resolves with how many messages were handed back. */
  async #closeAll(cut: AbortSignal): Promise<number> {
    this.#retention.stop();
    this.#pauses.unwatch();
    const handedBack = await Promise.all(CLUSTERS.map((cluster) => this.#runners[cluster].close(cut)));
    return handedBack.reduce((sum, one) => sum + one, 0);
  }
}

/** A start or a stop, which the next change waits for. */
interface Change {
  readonly kind: "start" | "stop";
  /** What its callers share. */
  readonly promise: Promise<void>;
  /** Resolves when it has come to its end. A start that failed leaves nothing to stop. */
  readonly over: Promise<void>;
}

interface StopOptions {
  readonly graceMs: number;
  readonly signal: AbortSignal | undefined;
}

function checkCluster(cluster: ClusterId): void {
  if (!isClusterId(cluster)) throw new TypeError(expected("cluster", '"A" or "B"', cluster));
}
