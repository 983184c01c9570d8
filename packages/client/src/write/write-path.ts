import {
  CLUSTERS,
  type Clock,
  type ClusterId,
  type ClusterReport,
  createPayload,
  helixError,
  type Metrics,
  type Operation,
  type ReplayPayload,
  type WriteReport,
} from "@helix/core";
import type { types } from "cassandra-driver";
import { checkBinding } from "../bindings/on-binding.ts";
import { activeTraceparent, type TraceContextApi } from "../replay/trace-context.ts";
import type { BatchOptions, ExecuteOptions } from "../request-options.ts";
import { Result, type WriteState } from "../result.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import { classifyWrite, queryOptions, sendOperation, writeOptions } from "../session/driver-request.ts";
import { decideWrite, isCallersMistake } from "./decide-write.ts";
import { DualWrite, type WriteOutcomes } from "./dual-write.ts";
import type { Handoff, ReplayHandoff } from "./replay-handoff.ts";
import type { WriteTimestamps } from "./write-timestamps.ts";

export interface WritePathOptions {
  readonly links: Readonly<Record<ClusterId, ClusterLink>>;
  readonly handoff: ReplayHandoff;
  readonly timestamps: WriteTimestamps;
  readonly secondaryTimeoutMs: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly openTelemetry?: TraceContextApi | undefined;
}

type Handoffs = Readonly<Partial<Record<ClusterId, Handoff & { readonly payload: ReplayPayload }>>>;
type Outcomes = WriteOutcomes<types.ResultSet>;

/** A write to both clusters: sends, decides, queues what was missed, and tells the caller. */
export class WritePath {
  readonly #options: WritePathOptions;

  constructor(options: WritePathOptions) {
    this.#options = options;
  }

  /** Resolves and rejects as `HelixClient.execute` does. */
  async write<Row>(operation: Operation, options: ExecuteOptions & BatchOptions): Promise<Result<Row>> {
    const { links, timestamps, secondaryTimeoutMs, clock, openTelemetry } = this.#options;
    const timestampMicros = timestamps.next(options.timestampMicros);
    const writtenAtMs = clock.wallMs();
    const base = queryOptions(operation, options);
    const requests = {
      A: writeOptions(links.A.config, base, options, timestampMicros, checkBinding),
      B: writeOptions(links.B.config, base, options, timestampMicros, checkBinding),
    };
    const outcomes = await new DualWrite({
      links,
      send: (link) => sendOperation(link, operation, requests[link.cluster].query),
      classify: (cluster, error) => classifyWrite(error, requests[cluster].memory),
      secondaryTimeoutMs,
      clock,
      signal: options.signal,
    }).run();

    const { verdict, queue } = decideWrite(outcomes);
    // The payload of a cluster is queued only now, even where its breaker was open from the start: had the
    // other refused the write, nothing must be replayed.
    const traceparent = queue.length === 0 ? undefined : activeTraceparent(openTelemetry);
    const handoffs =
      queue.length === 0
        ? {}
        : await this.#enqueue(queue, outcomes, (targetCluster) =>
            createPayload({
              targetCluster,
              operation,
              timestampMicros,
              writtenAtMs,
              enqueuedAtMs: clock.wallMs(),
              priority: options.priority,
              keyspace: links[targetCluster].config.keyspace,
              consistency: links[targetCluster].config.consistencyOf(options),
              traceparent,
            }),
          );
    this.#count(outcomes, handoffs);
    if (verdict === "success") return this.#success(outcomes, handoffs, timestampMicros);
    if (verdict === "mistake") throw mistakeIn(outcomes);
    throw failure(verdict, outcomes, handoffs, timestampMicros);
  }

  async #enqueue(
    clusters: readonly ClusterId[],
    outcomes: Outcomes,
    payloadFor: (cluster: ClusterId) => ReplayPayload,
  ): Promise<Handoffs> {
    const entries = clusters.map(async (cluster) => {
      const payload = payloadFor(cluster);
      const handoff = await this.#options.handoff.enqueue(payload, errorOf(outcomes, cluster));
      return [cluster, { ...handoff, payload }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  #success<Row>(outcomes: Outcomes, handoffs: Handoffs, timestampMicros: bigint): Result<Row> {
    const [cluster, answer] =
      outcomes.A.state === "applied" ? (["A", outcomes.A] as const) : (["B", outcomes.B] as const);
    if (answer.state !== "applied") throw new Error("A success without an answer: a bug in decideWrite");
    const handoff = handoffs.A ?? handoffs.B;
    if (handoff === undefined) {
      return new Result<Row>(answer.result, { cluster, writes: BOTH_APPLIED, timestampMicros });
    }
    if (handoff.queued !== "yes" && !this.#options.handoff.isBestEffort) {
      throw failure("success", outcomes, handoffs, timestampMicros);
    }
    const state: WriteState = handoff.queued === "yes" ? "queued" : "not-queued";
    return new Result<Row>(answer.result, {
      cluster,
      writes: cluster === "A" ? { A: "applied", B: state } : { A: state, B: "applied" },
      replayId: handoff.payload.id,
      timestampMicros,
    });
  }

  #count(outcomes: Outcomes, handoffs: Handoffs): void {
    for (const cluster of CLUSTERS) {
      const missed = handoffs[cluster]?.queued === "yes" ? "queued" : "failed";
      const result = outcomes[cluster].state === "applied" ? "applied" : missed;
      this.#options.metrics.increment("helix_write_total", { cluster, result });
    }
  }
}

const BOTH_APPLIED = Object.freeze({ A: "applied", B: "applied" } as const);

function errorOf(outcomes: Outcomes, cluster: ClusterId): unknown {
  const outcome = outcomes[cluster];
  return outcome.state === "failed" ? outcome.error : undefined;
}

/** The refusal of a value, which says more than anything around it could. */
function mistakeIn(outcomes: Outcomes): unknown {
  return CLUSTERS.map((cluster) => errorOf(outcomes, cluster)).find(isCallersMistake);
}

function failure(
  verdict: "success" | "pending" | "failed",
  outcomes: Outcomes,
  handoffs: Handoffs,
  timestampMicros: bigint,
): Error {
  const clusters = Object.fromEntries(
    CLUSTERS.map((cluster) => [cluster, reportOn(outcomes, cluster, handoffs[cluster])]),
  );
  const report: WriteReport = { clusters, timestampMicros };
  if (verdict === "failed") {
    return helixError(
      "HELIX_BOTH_CLUSTERS_FAILED",
      "The write failed on both clusters; nothing was queued",
      report,
      {
        cause: errorOf(outcomes, "A"),
      },
    );
  }
  const notQueued = Object.values(handoffs).find(({ queued }) => queued !== "yes");
  if (notQueued !== undefined) {
    const missed =
      verdict === "success"
        ? "A cluster missed the write"
        : "The write failed on both clusters, perhaps applied on one";
    return helixError("HELIX_REPLAY_NOT_QUEUED", `${missed}, and it could not be queued for replay`, report, {
      cause: notQueued.error ?? errorOf(outcomes, notQueued.payload.targetCluster),
    });
  }
  return helixError(
    "HELIX_OUTCOME_PENDING",
    "Neither cluster has confirmed the write; it is queued for both and will be applied",
    report,
    { cause: errorOf(outcomes, "A") },
  );
}

function reportOn(outcomes: Outcomes, cluster: ClusterId, handoff: Handoff | undefined): ClusterReport {
  const outcome = outcomes[cluster];
  if (outcome.state === "applied") return { applied: "yes", queued: "no" };
  return { applied: outcome.applied, queued: handoff?.queued ?? "no", cause: outcome.error };
}
