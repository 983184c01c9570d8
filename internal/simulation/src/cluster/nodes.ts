import type { ClusterLinks } from "@helix/client/internal";
import {
  createLinks,
  createReplayExecutor,
  ReplayHandoff,
  WritePath,
  WriteTimestamps,
} from "@helix/client/internal";
import {
  type ClientEvents,
  type ClusterGate,
  type ClusterId,
  clusterOf,
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
      clock: process.clock,
      random: () => random.next(),
      logger: silentLogger,
      metrics: silentMetrics,
    },
    events,
  );
}

/** An application: writes with the client's write path, over its links. */
export class App {
  readonly #options: NodeOptions;
  readonly #timestamps: TimestampGenerator;
  readonly #path: WritePath;
  readonly #writes: Write[] = [];
  readonly #held = new Set<string>();

  constructor(
    options: NodeOptions & { readonly replayer: ReplayQueue },
    links: ClusterLinks,
    events: EventSink<ClientEvents>,
  ) {
    const { process, scenario, replayer } = options;
    const { clock } = process;
    this.#options = options;
    this.#timestamps = new TimestampGenerator(clock);
    const handoff = new ReplayHandoff({
      replayer: this.#holding(replayer),
      onEnqueueFailed: scenario.onEnqueueFailed ? () => {} : undefined,
      metrics: silentMetrics,
      events,
    });
    this.#path = new WritePath({
      links: { A: links.get("A"), B: links.get("B") },
      handoff,
      timestamps: new WriteTimestamps(clock, silentLogger, events),
      secondaryTimeoutMs: 2000,
      clock,
      metrics: silentMetrics,
    });
  }

  get process(): SimProcess {
    return this.#options.process;
  }

  /** Makes the write; nothing if the process is gone. */
  async write(planned: PlannedWrite, lastTimestamp: bigint | undefined): Promise<void> {
    const { process, tape, clusters } = this.#options;
    if (!process.cross()) return;
    const { operation, priority, poison } = planned;
    const timestamp = planned.isTie && lastTimestamp !== undefined ? lastTimestamp : this.#timestamps.next();
    const write = writeOf(planned, timestamp, process.name);
    this.#writes.push(write);
    if (planned.isHeld) this.#held.add(write.identity);
    if (poison !== undefined) clusters[poison.cluster].poison.set(write.identity, poison.how);
    tape.emit({ kind: "call", write });
    try {
      const result = await this.#path.write(operation, {
        priority,
        timestampMicros: timestamp,
        ...(operation.kind === "batch" && { logged: operation.batchType === "logged" }),
      });
      if (!process.isAlive) return;
      const states = Object.entries(result.writes) as [ClusterId, string][];
      write.verdict = states.some(([, state]) => state === "not-queued") ? "not-queued" : "success";
      write.reports = Object.fromEntries(
        states.map(([cluster, state]) => [
          cluster,
          { applied: state === "applied" ? "yes" : "maybe", queued: state === "queued" ? "yes" : "no" },
        ]),
      );
    } catch (error) {
      if (!process.isAlive) return;
      fail(write, error);
    }
    tape.emit({ kind: "return", write });
  }

  /** The queue, with what is for a person marked as such. */
  #holding(inner: Replayer): Replayer {
    const hold = (payload: ReplayPayload): ReplayPayload =>
      this.#held.has(payloadIdentity(payload)) ? { ...payload, disposition: "hold" } : payload;
    return {
      enqueue: (payload, options) => inner.enqueue(hold(payload), options),
      close: () => inner.close(),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  /** The process has died: what had not returned never will. */
  died(): void {
    for (const write of this.#writes) if (write.verdict === "calling") write.verdict = "died";
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

function fail(write: Write, error: unknown): void {
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
    executor: watchExecutor(createReplayExecutor(links, events), {
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
