import type { ClusterLinks } from "@helix/client/internal";
import {
  Background,
  createLinks,
  createReplayExecutor,
  InFlight,
  ReplayHandoff,
  WritePath,
  WriteTimestamps,
} from "@helix/client/internal";
import {
  CLUSTERS,
  type ClientEvents,
  type ClusterGate,
  type ClusterId,
  clusterOf,
  type EventHub,
  type EventSink,
  type EventSource,
  isHelixError,
  messageId,
  type Replayer,
  type ReplayPayload,
  type ReplayQueue,
  type SessionEvents,
  silentLogger,
  silentMetrics,
  TimestampGenerator,
} from "@helix/core";
import { ReplayWorker } from "@helix/worker";
import { payloadIdentity } from "../queue/watched-queue.ts";
import type { Random } from "../scenario/random.ts";
import type { Misbehaviour, PlannedWrite, Scenario } from "../scenario/scenario.ts";
import type { Write } from "../scenario/write.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { Delivery, Tape } from "../world/tape.ts";
import { watchExecutor } from "../world/watched-executor.ts";
import type { ModelCluster } from "./model-cluster.ts";
import { modelConfig } from "./model-session.ts";
import { identityOf, rowOf } from "./statements.ts";

export type Clusters = Readonly<Record<ClusterId, ModelCluster>>;

export interface NodeOptions {
  readonly scenario: Scenario;
  readonly process: SimProcess;
  readonly clusters: Clusters;
  readonly random: Random;
  readonly tape: Tape;
}

/** The links of a process: the client's own, over model sessions. */
export function linksOf(
  { scenario, process, clusters, random }: NodeOptions,
  events: EventSink<ClientEvents>,
): ClusterLinks {
  const config = (cluster: ClusterId) => modelConfig(clusters[cluster], process, scenario.isIdempotent);
  return createLinks(
    {
      clusters: new Map<ClusterId, ReturnType<typeof config>>([
        ["A", config("A")],
        ["B", config("B")],
      ]),
      clusterNames: {},
      requestTimeoutMs: 15_000,
      maxClockOffsetMs: 1_000,
      clock: process.clock,
      random: () => random.next(),
      logger: silentLogger,
      metrics: silentMetrics,
    },
    events,
  );
}

/** Some payloads never come before the queue, where others already wait for room. */
class WatchedHandoff extends ReplayHandoff {
  readonly #onPayload: (payload: ReplayPayload) => void;

  constructor(
    onPayload: (payload: ReplayPayload) => void,
    options: ConstructorParameters<typeof ReplayHandoff>[0],
  ) {
    super(options);
    this.#onPayload = onPayload;
  }

  override enqueue(...args: Parameters<ReplayHandoff["enqueue"]>): ReturnType<ReplayHandoff["enqueue"]> {
    this.#onPayload(args[0]);
    return super.enqueue(...args);
  }
}

/** An application: writes with the client's write path, over its links. */
export class App {
  readonly #options: NodeOptions;
  readonly #timestamps: TimestampGenerator;
  readonly #path: WritePath;
  readonly #background: Background;
  readonly #writes = new Map<string, Write>();
  readonly #held = new Set<string>();
  /** What was written, by the id of the payload that was made of it. */
  readonly #payloads = new Map<string, string>();
  /** Cluster and write of all that is known to be in the queue. */
  readonly #queued = new Set<string>();

  constructor(
    options: NodeOptions & { readonly replayer: ReplayQueue; readonly gate: ClusterGate },
    links: ClusterLinks,
    events: EventHub<ClientEvents>,
  ) {
    const { process, scenario, replayer, gate } = options;
    const { clock } = process;
    this.#options = options;
    this.#timestamps = new TimestampGenerator(clock);
    const handoff = new WatchedHandoff(
      (payload) => this.#payloads.set(payload.id, payloadIdentity(payload)),
      {
        replayer: this.#watching(replayer),
        onEnqueueFailed: scenario.onEnqueueFailed ? () => {} : undefined,
        onQueueFull: scenario.onQueueFull,
        identified: (cluster) => links.get(cluster).identity.settled(),
        clock,
        metrics: silentMetrics,
        events,
      },
    );
    events.on("write:not-queued", ({ payload }) => this.#told(payload.id));
    this.#background = new Background({
      limit: scenario.maxInBackground,
      inFlight: new InFlight(),
      logger: silentLogger,
    });
    this.#path = new WritePath({
      links: { A: links.get("A"), B: links.get("B") },
      handoff,
      wait: "both",
      background: this.#background,
      isDrained: (cluster) => gate.state(cluster) === "drained",
      ownWrites: undefined,
      timestamps: new WriteTimestamps(clock, silentLogger, events),
      secondaryTimeoutMs: 2000,
      requestTimeoutMs: 15_000,
      unsafe: "refuse",
      clock,
      metrics: silentMetrics,
    });
  }

  get process(): SimProcess {
    return this.#options.process;
  }

  get inBackground(): number {
    return this.#background.size;
  }

  /** Makes the write; nothing if the process is gone. */
  async write(planned: PlannedWrite, lastTimestamp: bigint | undefined): Promise<void> {
    const { process, tape, clusters } = this.#options;
    if (!process.cross()) return;
    const { operation, priority, poison, wait } = planned;
    const timestamp = planned.isTie && lastTimestamp !== undefined ? lastTimestamp : this.#timestamps.next();
    const write = writeOf(planned, timestamp, process.name);
    this.#writes.set(write.identity, write);
    if (planned.isHeld) this.#held.add(write.identity);
    if (poison !== undefined) clusters[poison.cluster].poison.set(write.identity, poison.how);
    tape.emit({ kind: "call", write });
    try {
      const result = await this.#path.write(operation, {
        priority,
        wait,
        timestampMicros: timestamp,
        ...(operation.kind === "batch" && { logged: operation.batchType === "logged" }),
      });
      if (!process.isAlive) return;
      write.verdict = Object.values(result.writes).includes("not-queued") ? "not-queued" : "success";
      write.reports = result.clusters;
    } catch (error) {
      if (!process.isAlive) return;
      fail(write, error, clusters);
    }
    tape.emit({ kind: "return", write });
  }

  /** The queue, with what is for a person marked as such. What it has taken is remembered. */
  #watching(inner: Replayer): Replayer {
    return {
      enqueue: async (payload, options) => {
        const identity = payloadIdentity(payload);
        const isHeld = this.#held.has(identity);
        await inner.enqueue(isHeld ? { ...payload, disposition: "hold" } : payload, options);
        if (this.process.isAlive) this.#queued.add(`${payload.targetCluster} ${identity}`);
      },
      close: () => inner.close(),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  /** The call of a write has returned, and nobody but an event says that the queue has not got it. */
  #told(payloadId: string): void {
    const write = this.#writes.get(this.#payloads.get(payloadId) ?? "");
    if (!this.process.isAlive || write?.verdict !== "success") return;
    write.verdict = "not-queued";
    this.#options.tape.emit({ kind: "told", write });
  }

  /** The process has died: what had not returned never will, and what was in the background perhaps is nowhere. */
  died(): void {
    for (const write of this.#writes.values()) {
      if (write.verdict === "calling") write.verdict = "died";
      if (write.verdict === "success" && !this.#isSafe(write)) write.verdict = "died";
    }
  }

  #isSafe({ reports, identity }: Write): boolean {
    const { clusters } = this.#options;
    return CLUSTERS.every(
      (cluster) =>
        reports[cluster]?.applied !== "pending" ||
        clusters[cluster].hasApplied(identity) ||
        this.#queued.has(`${cluster} ${identity}`),
    );
  }
}

function writeOf(
  { number, operation, priority, poison, isHeld }: PlannedWrite,
  timestamp: bigint,
  app: string,
): Write {
  const statements = operation.kind === "batch" ? operation.statements : [operation];
  return {
    number,
    operation,
    priority,
    timestamp,
    identity: identityOf(statements, timestamp),
    rows: statements.map(rowOf),
    poison,
    isHeld,
    app,
    verdict: "calling",
    reports: {},
  };
}

function fail(write: Write, error: unknown, clusters: NodeOptions["clusters"]): void {
  if (isHelixError(error, "HELIX_NOT_REPLAYABLE")) {
    // No cluster that could be asked has the table.
    const lacking = CLUSTERS.filter((cluster) => clusters[cluster].mayLack(write.rows));
    if (lacking.length < (error.cause === undefined ? 2 : 1)) throw error;
    write.verdict = "failed";
    return;
  }
  if (isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")) write.verdict = "failed";
  else if (isHelixError(error, "HELIX_OUTCOME_PENDING")) write.verdict = "pending";
  else if (isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) write.verdict = "not-queued";
  else throw error;
  write.reports = error.clusters;
}

/** A worker over a queue, executing with the client's executor. */
export function workerOf(
  options: NodeOptions & {
    readonly queue: ReplayQueue;
    readonly deliveries: WeakMap<ReplayPayload, Delivery>;
    readonly gate: ClusterGate;
  },
  links: ClusterLinks,
  events: EventSource<SessionEvents>,
): ReplayWorker {
  const { scenario, process, queue, random, tape, deliveries, clusters, gate } = options;
  const kills = ({ cluster, identity = "" }: Delivery) => clusters[cluster].poison.get(identity) === "kills";
  const called = (name: "onSuccess" | "onError" | "onDrop", payload: ReplayPayload | undefined) => {
    if (process.isAlive) {
      const message = payload === undefined ? "undecodable" : messageId(payload);
      tape.emit({ kind: "callback", pod: process.name, name, message });
    }
    return misbehave(scenario.callbacks);
  };
  const running = new Map<ReplayPayload, () => void>();
  const worker = new ReplayWorker({
    ...scenario.worker,
    queue,
    gate,
    executor: watchExecutor(createReplayExecutor(links, events, process.clock), {
      process,
      tape,
      deliveries,
      running,
      kills,
    }),
    clock: process.clock,
    random: () => random.next(),
    onSuccess: ({ payload }) => called("onSuccess", payload),
    onError: ({ payload }) => {
      running.get(payload)?.();
      return called("onError", payload);
    },
    onDrop: ({ payload }) => called("onDrop", payload),
  });
  const breaker = (cluster: ClusterId, isOpen: boolean) => {
    if (process.isAlive) tape.emit({ kind: "worker-breaker", pod: process.name, cluster, isOpen });
  };
  worker.on("cluster:breaker:opened", ({ cluster }) => breaker(cluster, true));
  worker.on("cluster:breaker:closed", ({ cluster }) => breaker(cluster, false));
  worker.on("worker:lane:reopened", ({ lane, idleMs }) => {
    if (process.isAlive) tape.emit({ kind: "reopened", process: process.name, lane, idleMs });
  });
  worker.on("replay:lease:lost", ({ payload, lane }) => {
    if (!process.isAlive || payload === undefined) return;
    tape.emit({ kind: "lost", pod: process.name, cluster: clusterOf(lane), message: messageId(payload) });
  });
  return worker;
}

function misbehave(how: Misbehaviour): unknown {
  if (how === "throw") throw new Error("A callback that throws");
  if (how === "reject") return Promise.reject(new Error("A callback that rejects"));
  return how === "hang" ? new Promise(() => {}) : undefined;
}
