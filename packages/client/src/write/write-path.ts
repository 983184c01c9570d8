import { AsyncResource } from "node:async_hooks";
import {
  CLUSTERS,
  type Clock,
  type ClusterId,
  createPayload,
  type Metrics,
  type Operation,
  otherCluster,
  type ReplayPayload,
} from "@helix/core";
import { weigh } from "@helix/core/internal";
import type { types } from "cassandra-driver";
import { saysNoTable } from "../failure/server-codes.ts";
import type { OwnWrites } from "../read/own-writes.ts";
import { activeTraceparent, type TraceContextApi } from "../replay/trace-context.ts";
import type { ReadOptions, WaitFor } from "../request-options.ts";
import { Result } from "../result.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import type { Background } from "./background.ts";
import { decideWrite } from "./decide-write.ts";
import { type BothClusters, DualWrite, type DualWriteOptions, type WriteOutcomes } from "./dual-write.ts";
import type { JudgedWrite } from "./judged-write.ts";
import { MadeValues } from "./made-values.ts";
import type { Unsafe } from "./refusal.ts";
import type { ReplayHandoff } from "./replay-handoff.ts";
import { SecondAnswers } from "./second-answers.ts";
import { SentWrite } from "./sent-write.ts";
import { WriteJudge } from "./write-judge.ts";
import {
  BOTH_APPLIED,
  errorOf,
  failureOf,
  type Handoffs,
  reportsAtFirst,
  reportsOf,
} from "./write-report.ts";
import type { WriteTimestamps } from "./write-timestamps.ts";

export interface WritePathOptions {
  readonly links: Readonly<Record<ClusterId, ClusterLink>>;
  readonly handoff: ReplayHandoff;
  readonly timestamps: WriteTimestamps;
  /** Where a request does not say it. */
  readonly wait: WaitFor;
  readonly background: Background;
  readonly isDrained: (cluster: ClusterId) => boolean;
  /** Where reads ask for it. */
  readonly ownWrites: OwnWrites | undefined;
  readonly secondaryTimeoutMs: number;
  /** How long a write waits until a cluster has said what its tables are. */
  readonly requestTimeoutMs: number;
  /** Where a request does not say it. */
  readonly unsafe: Unsafe;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly openTelemetry?: TraceContextApi | undefined;
}

const APPLIED = { A: { cluster: "A", result: "applied" }, B: { cluster: "B", result: "applied" } } as const;

type Outcomes = WriteOutcomes<types.ResultSet>;

type OnFirst = DualWriteOptions<types.ResultSet>["onFirst"];

/** A write to both clusters: judges, sends, decides, queues what was missed, and tells the caller. */
export class WritePath {
  readonly #options: WritePathOptions;
  readonly #judge: WriteJudge;
  readonly #both: BothClusters;
  readonly #made = new MadeValues();

  constructor(options: WritePathOptions) {
    const { links, clock, secondaryTimeoutMs, isDrained } = options;
    this.#options = options;
    const secondAnswers = {
      A: new SecondAnswers(links.A, clock, secondaryTimeoutMs),
      B: new SecondAnswers(links.B, clock, secondaryTimeoutMs),
    };
    this.#both = { links, isDrained, secondAnswers };
    this.#judge = new WriteJudge({ ...options, timeoutMs: options.requestTimeoutMs });
  }

  /** No write waits any more for what a cluster says of its tables. */
  close(): void {
    this.#judge.close();
    for (const cluster of CLUSTERS) this.#both.secondAnswers[cluster].close();
  }

  /** Resolves and rejects as `HelixClient.execute` does; what is refused without asking a cluster is thrown. */
  write<Row>(operation: Operation, options: ReadOptions): Promise<Result<Row>> {
    const judging = this.#judge.judge(this.#made.of(operation, options.timestampMicros), options);
    // Where nothing has to be asked nothing is awaited.
    return judging instanceof Promise
      ? judging.then((judged) => this.#write<Row>(judged, options))
      : this.#write(judging, options);
  }

  #write<Row>(judged: JudgedWrite, options: ReadOptions): Promise<Result<Row>> {
    const { background, wait, ownWrites } = this.#options;
    if ((options.wait ?? wait) === "both") return this.#run(judged, options, undefined);
    const { timestampMicros } = judged;
    const { bytes } = weigh(judged.operation);
    return new Promise((resolve, reject) => {
      const whole = this.#run<Row>(judged, options, (cluster, answer) => {
        if (!background.hasRoomFor(bytes)) return false;
        background.watch(whole, bytes);
        ownWrites?.awaited(otherCluster(cluster), whole);
        resolve(new Result<Row>(answer, { cluster, clusters: reportsAtFirst(cluster), timestampMicros }));
        return true;
      });
      whole.then(resolve, reject);
    });
  }

  #run<Row>(judged: JudgedWrite, options: ReadOptions, onFirst: OnFirst): Promise<Result<Row>> {
    const { links, clock, metrics } = this.#options;
    const writtenAtMs = clock.wallMs();
    const isOnce = judged.disposition !== "replay";
    let { signal } = options;
    const write = new DualWrite(this.#both, new SentWrite(judged, options, links), {
      isOnce,
      signal,
      onFirst:
        onFirst &&
        ((cluster, answer) => {
          const isEnough = onFirst(cluster, answer);
          if (isEnough) signal = undefined;
          return isEnough;
        }),
    });
    // What ends it may be a timer or an answer of other writes: whoever hears of it hears in the context of this call.
    const call = new AsyncResource("HelixWrite");
    // No promise of the outcomes: it would be one more for each write.
    return new Promise((resolve, reject) => {
      write.run((outcomes) => {
        try {
          if (outcomes.A.state !== "applied" || outcomes.B.state !== "applied") {
            const missed = () => this.#missed<Row>(outcomes, judged, { ...options, signal }, writtenAtMs);
            return resolve(call.runInAsyncScope(missed));
          }
          for (const cluster of CLUSTERS) metrics.increment("helix_write_total", APPLIED[cluster]);
          const { timestampMicros } = judged;
          resolve(new Result(outcomes.A.result, { cluster: "A", clusters: BOTH_APPLIED, timestampMicros }));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Of a write that is not applied on both. */
  async #missed<Row>(
    outcomes: Outcomes,
    judged: JudgedWrite,
    options: ReadOptions,
    writtenAtMs: number,
  ): Promise<Result<Row>> {
    const { operation, timestampMicros, disposition } = judged;
    const { links, clock, openTelemetry } = this.#options;
    const { verdict, queue } = decideWrite(outcomes);
    // The payload of a cluster is queued only now, even where its breaker was open from the start: had the
    // other refused the write, nothing must be replayed.
    const traceparent = queue.length === 0 ? undefined : activeTraceparent(openTelemetry);
    const handoffs =
      queue.length === 0
        ? {}
        : await this.#enqueue(queue, outcomes, options.signal, (targetCluster) =>
            createPayload({
              targetCluster,
              operation,
              timestampMicros,
              writtenAtMs,
              enqueuedAtMs: clock.wallMs(),
              priority: options.priority,
              keyspace: links[targetCluster].config.keyspace,
              ...judged.factsFor(targetCluster, saysNoTable(errorOf(outcomes[targetCluster]))),
              ...(disposition !== "replay" && { disposition }),
              consistency: links[targetCluster].config.consistencyOf(options),
              traceparent,
            }),
          );
    this.#count(outcomes, handoffs);
    const answer = this.#answerOf(outcomes);
    if (answer === undefined || !this.#isTaken(handoffs)) {
      const { asked } = judged;
      if (queue.length > 0 && asked !== undefined) this.#made.keep({ timestampMicros, asked, operation });
      throw failureOf(verdict, outcomes, handoffs, judged);
    }
    return new Result<Row>(answer.result, {
      cluster: answer.cluster,
      clusters: reportsOf(outcomes, handoffs),
      timestampMicros,
    });
  }

  async #enqueue(
    clusters: readonly ClusterId[],
    outcomes: Outcomes,
    signal: AbortSignal | undefined,
    payloadFor: (cluster: ClusterId) => ReplayPayload,
  ): Promise<Handoffs> {
    const { handoff: queue, ownWrites } = this.#options;
    const entries = clusters.map(async (cluster) => {
      ownWrites?.missed(cluster);
      const payload = payloadFor(cluster);
      const handoff = await queue.enqueue(payload, errorOf(outcomes[cluster]), signal);
      ownWrites?.missed(cluster);
      return [cluster, { ...handoff, payload }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** That of the first cluster which has applied it. */
  #answerOf({ A, B }: Outcomes): { cluster: ClusterId; result: types.ResultSet } | undefined {
    if (A.state === "applied") return { cluster: "A", result: A.result };
    return B.state === "applied" ? { cluster: "B", result: B.result } : undefined;
  }

  /** Whether what a cluster missed is in the queue, or else in the application's hands. */
  #isTaken(handoffs: Handoffs): boolean {
    return (
      this.#options.handoff.isBestEffort || Object.values(handoffs).every(({ queued }) => queued === "yes")
    );
  }

  #count(outcomes: Outcomes, handoffs: Handoffs): void {
    for (const cluster of CLUSTERS) {
      const missed = handoffs[cluster]?.queued === "yes" ? "queued" : "failed";
      const result = outcomes[cluster].state === "applied" ? "applied" : missed;
      this.#options.metrics.increment("helix_write_total", { cluster, result });
    }
  }
}
