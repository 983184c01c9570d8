import type { ClusterId, ClusterReport } from "@helix/core";
import type { types } from "cassandra-driver";

/**
 * What came of a write on one cluster. `not-queued`: `onEnqueueFailed` was given the payload. `pending`: its answer is
 * awaited in the background, and what it misses is queued then.
 */
export type WriteState = "applied" | "queued" | "not-queued" | "pending";

/** Per cluster, in the same words as in the errors of a write. */
export type WriteReports = Readonly<Partial<Record<ClusterId, ClusterReport>>>;

/** What {@link Result} knows beyond the driver's answer. */
export interface ResultFacts {
  readonly cluster: ClusterId;
  readonly clusters?: WriteReports | undefined;
  readonly timestampMicros?: bigint | undefined;
}

const NO_REPORTS: WriteReports = Object.freeze({});

/** What `execute` and `batch` resolve with: the driver's answer, and what came of a write per cluster. */
export class Result<Row = types.Row> implements Iterable<Row> {
  /** The cluster whose answer this is. */
  readonly cluster: ClusterId;
  /** Empty for anything but a write to both clusters. */
  readonly clusters: WriteReports;
  /** What the write was made with; undefined for a read. */
  readonly timestampMicros: bigint | undefined;
  readonly #resultSet: types.ResultSet;

  constructor(resultSet: types.ResultSet, facts: ResultFacts) {
    this.#resultSet = resultSet;
    this.cluster = facts.cluster;
    this.clusters = facts.clusters ?? NO_REPORTS;
    this.timestampMicros = facts.timestampMicros;
  }

  /** `clusters` in a word each. */
  get writes(): Readonly<Partial<Record<ClusterId, WriteState>>> {
    return Object.fromEntries(
      Object.entries(this.clusters).map(([cluster, report]) => [cluster, stateOf(report)]),
    );
  }

  /** The id of the payload that the queue was given, if one of the clusters missed the write. */
  get replayId(): string | undefined {
    return this.clusters.A?.replayId ?? this.clusters.B?.replayId;
  }

  /** Empty for a write. */
  get rows(): Row[] {
    return (this.#resultSet.rows ?? []) as Row[];
  }

  get rowLength(): number {
    return this.#resultSet.rowLength ?? 0;
  }

  get columns(): types.ResultSet["columns"] {
    return this.#resultSet.columns;
  }

  /** The driver's: queried host, consistency, warnings, trace id. */
  get info(): types.ResultSet["info"] {
    return this.#resultSet.info;
  }

  /** Where the page ended, for the option of that name; undefined or null after the last one. */
  get pageState(): string | null | undefined {
    return this.#resultSet.pageState;
  }

  first(): Row | null {
    return this.rows[0] ?? null;
  }

  /** Of a conditional statement on one cluster: whether its condition held. */
  wasApplied(): boolean {
    return this.#resultSet.wasApplied();
  }

  [Symbol.iterator](): IterableIterator<Row> {
    return this.rows[Symbol.iterator]();
  }
}

function stateOf({ applied, queued }: ClusterReport): WriteState {
  if (applied === "yes") return "applied";
  if (applied === "pending") return "pending";
  return queued === "yes" ? "queued" : "not-queued";
}
