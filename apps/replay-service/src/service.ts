import { type ConnectedReplayExecutor, connectReplayExecutor } from "@helix/client";
import {
  CLUSTERS,
  type Clock,
  type ClusterGate,
  type ClusterId,
  countedDeadLetters,
  type Logger,
  type Metrics,
  type ReplayExecutor,
  type ReplayQueue,
  StoredClusterGate,
  systemClock,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import { Heartbeat, JobRunner, loggedAudit, TrafficHistory } from "@helix/operations";
import { ReplayWorker } from "@helix/worker";
import { type Running, startAdmin } from "./admin/start-admin.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { ServiceConfig } from "./config/schema.ts";
import type { ReadFile } from "./config/sources.ts";
import { type Build, PodMetrics } from "./pod-metrics.ts";
import { listen, type ProbeServer, probeRoutes, type Routes } from "./probe-server.ts";
import type { OpenQueue } from "./queue.ts";
import { Readiness } from "./readiness.ts";
import { clusterNames, sessionOptions } from "./sessions.ts";
import { stopInOrder } from "./stop-in-order.ts";

const ORDERS_PATIENCE_MS = 1_000;

export interface ServiceOptions {
  readonly config: ServiceConfig;
  readonly openQueue: OpenQueue;
  /** Aborted when the service is to stop. */
  readonly stop: AbortSignal;
  readonly logger: Logger;
  /** For the PEM files of the configuration. */
  readonly readFile: ReadFile;
  readonly build: Build;
  /** Where it runs: the name of the pod. */
  readonly host: string;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

/** Something refuses the service, and waiting will not cure it. The log has said what. */
export class ServiceRefusedError extends Error {
  override readonly name = "ServiceRefusedError";
}

/**
 * The pod: takes messages from the queue and executes them until it is told to stop. It starts, and stays
 * alive, while the queue or a cluster is away; both are sought, and `/readyz` says what is missing.
 *
 * starting → running → (`stop`) stopping → resolved. Resolves when nothing of it is left, or when the grace
 * period is over: with whether everything was finished or handed back in it.
 *
 * Rejects with ServiceRefusedError if the probes cannot listen or the queue refuses for good; everything is
 * closed then.
 */
export async function runService(options: ServiceOptions): Promise<{ inOrder: boolean }> {
  const { config, openQueue, stop, logger, readFile, clock = systemClock } = options;
  const figures = new PodMetrics(options.build, logger);
  const { metrics } = figures;
  const readiness = new Readiness({ mayBeAway: !config.http.readyNeedsClusters });
  readiness.set("queue", () => ({ up: false, detail: "is being opened" }));
  readiness.set("worker", () => ({ up: false, detail: "waits for the queue" }));
  const server = await listenOrRefuse(options, { ...probeRoutes(readiness), "/metrics": figures.route });
  let running: Running | undefined;
  const admin = await startAdmin({ ...options, clock, running: () => running }).catch(async (error) => {
    await server.close();
    throw new ServiceRefusedError("The admin API cannot listen", { cause: error });
  });
  logger.info({ port: server.port }, "the service has started; its probes answer");

  const executor = await connectReplayExecutor(sessionOptions(config, { logger, metrics, readFile }));
  const watches = watchClusters(config, executor, readiness);
  const opening = openQueue(config, { logger, metrics });
  const opened = await Promise.race([opening, aborted(stop)]).catch((error: unknown) => {
    logger.error({ error }, "the queue refuses the service; it stops");
    return new ServiceRefusedError("The queue refuses the service", { cause: error });
  });
  let worker: ReplayWorker | undefined;
  let jobs: JobRunner | undefined;
  let gate: StoredClusterGate | undefined;
  let heartbeat: Heartbeat | undefined;
  let traffic: TrafficHistory | undefined;
  if (opened !== undefined && !(opened instanceof ServiceRefusedError)) {
    const { queue, control } = opened;
    traffic = new TrafficHistory({ queue, control, clock });
    // Nobody else asks for it.
    if (admin !== undefined) traffic.start();
    running = { opened, executor, traffic };
    readiness.set("queue", () => opened.health());
    figures.watch(opened);
    gate = new StoredClusterGate({ store: control, writer: control, logger, clock });
    worker = createWorker(options, { metrics, queue, executor, gate });
    for (const watch of watches) watch.watchWorker(worker);
    const { host, build } = options;
    const pod = { host, version: build.version, clusterNames: clusterNames(config) };
    heartbeat = new Heartbeat({ control, queue, worker, ...pod, logger, metrics, clock });
    heartbeat.start();
    await soon(Promise.all([gate.known(), heartbeat.ratesKnown()]), clock, stop);
    await worker.start();
    readiness.set("worker", () => ({ up: true }));
    jobs = new JobRunner(
      {
        queue: { deadLetters: countedDeadLetters(queue.deadLetters, metrics) },
        control,
        audit: loggedAudit(logger),
        clock,
      },
      { holder: options.host.slice(0, 100) || undefined, worker, logger },
    );
    jobs.start();
    await aborted(stop);
  }

  readiness.set("service", () => ({ up: false, detail: "is stopping" }));
  const { graceMs } = config.stop;
  logger.info({ graceMs }, "the service stops: what is in hand is finished or handed back");
  const leaving = heartbeat?.stop();
  traffic?.stop();
  const closeQueue = async () => {
    await leaving;
    await (await opening.catch(() => undefined))?.close();
  };
  const closeSessions = () => executor.close();
  const stopping = worker && { stop: (limits?: { graceMs?: number }) => stopBoth(worker, jobs, limits) };
  const inOrder = await stopInOrder({
    graceMs,
    clock,
    logger,
    worker: stopping,
    closeQueue,
    closeSessions,
  });
  gate?.close();
  await admin?.close();
  await server.close();
  if (opened instanceof ServiceRefusedError) throw opened;
  return { inOrder };
}

async function listenOrRefuse({ config, logger }: ServiceOptions, routes: Routes): Promise<ProbeServer> {
  const { host, port } = config.http;
  try {
    const onError = (error: unknown) => logger.warn({ error }, "the probes cannot take a connection");
    return await listen({ host, port, routes, onError });
  } catch (error) {
    logger.error({ error, host, port }, "the probes cannot listen; the service does not start");
    throw new ServiceRefusedError("The probes cannot listen", { cause: error });
  }
}

/** What one of them has in hand need not wait for the other. */
async function stopBoth(
  worker: ReplayWorker,
  jobs: JobRunner | undefined,
  limits: { graceMs?: number } | undefined,
): Promise<void> {
  await Promise.all([worker.stop(limits), jobs?.stop()]);
}

function createWorker(
  { config, logger }: ServiceOptions,
  parts: {
    readonly metrics: Metrics;
    readonly queue: ReplayQueue;
    readonly executor: ReplayExecutor;
    readonly gate: ClusterGate;
  },
): ReplayWorker {
  const names = clusterNames(config);
  const worker = new ReplayWorker({
    ...config.worker,
    ...parts,
    logger,
    clusterNames: names,
  });
  worker.on("replay:attempt:failed", ({ outcome, payload, error, attempts, delayMs }) => {
    // An outage is told by the breaker, and what can never work as a dead letter.
    if (outcome !== "uncertain") return;
    const { id, tables } = payload;
    const fields = { cluster: names[payload.cluster], tables, id, attempts, delayMs, error };
    logger.warn(fields, "an execution failed; it is tried again");
  });
  return worker;
}

function watchClusters(
  config: ServiceConfig,
  executor: ConnectedReplayExecutor,
  readiness: Readiness,
): ClusterWatch[] {
  return CLUSTERS.map((cluster: ClusterId) => {
    const watch = new ClusterWatch(cluster, executor);
    const name = clusterNames(config)[cluster];
    // Display names may be the same, or that of another part.
    readiness.set(`cluster ${cluster}${name === cluster ? "" : ` (${name})`}`, () => watch.health);
    return watch;
  });
}

/** What is not known yet holds the replay back, which would be told of at each start. While NATS is away nobody waits for it. */
async function soon(known: Promise<unknown>, clock: Clock, stop: AbortSignal): Promise<void> {
  const isKnown = new AbortController();
  void known.then(() => isKnown.abort());
  await wait(clock, ORDERS_PATIENCE_MS, AbortSignal.any([stop, isKnown.signal]));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
