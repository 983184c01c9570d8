import type { ClusterId, ClusterReport } from "@helix/core";
import type { types } from "cassandra-driver";
import { formatPageState } from "./page-state.ts";

/**
 * What came of a write on one cluster. `held`: missed, and kept for a person (`unsafe: "hold"`). `not-queued`: `onEnqueueFailed` was
 * given the payload. `pending`: its answer is awaited in the background, and what it misses is queued then.
 */
export type WriteState = "applied" | "queued" | "held" | "not-queued" | "pending";

/** Per cluster, in the same words as in the errors of a write. */
export type WriteReports = Readonly<Partial<Record<ClusterId, ClusterReport>>>;

/** Reads on from where a page ended. */
export type FetchPage<Row> = (pageState: string) => Promise<Result<Row>>;

/** What {@link Result} knows beyond the driver's answer. */
export interface ResultFacts<Row = types.Row> {
  readonly cluster: ClusterId;
  readonly clusters?: WriteReports | undefined;
  readonly timestampMicros?: bigint | undefined;
  readonly fetchPage?: FetchPage<Row> | undefined;
}

const NO_REPORTS: WriteReports = Object.freeze({});

/**
 * What `execute` and `batch` resolve with: the driver's answer, and what came of a write per cluster. It fits where
 * the driver's `types.ResultSet` is expected.
 *
 * `for (const row of result)` goes through this page, `for await` through this one and all that follow, each asked of
 * the cluster that gave this one. It rejects as `execute` does, with HELIX_PAGE_LOST if that cluster has gone.
 */
export class Result<Row = types.Row> implements Iterable<Row>, AsyncIterable<Row> {
  /** The cluster whose answer this is. */
  readonly cluster: ClusterId;
  /** Empty for anything but a write to both clusters. */
  readonly clusters: WriteReports;
  /** What the write was made with; undefined for a read. */
  readonly timestampMicros: bigint | undefined;
  /** Of this page. Empty for a write. */
  readonly rows: Row[];
  /** Of this page; at the end of `eachRow`, of all its pages. */
  rowLength: number;
  readonly columns: types.ResultSet["columns"];
  /** The driver's: queried host, consistency, warnings, trace id. */
  readonly info: types.ResultSet["info"];
  /**
   * Where the page ended and on which cluster, for the option of that name; null after the last one, which the type
   * leaves out as the driver's does.
   */
  readonly pageState: string;
  /** Asks the same cluster for the next page. Null after the last one. Rejects as `execute` does. */
  nextPage: (() => Promise<Result<Row>>) | null = null;
  readonly #resultSet: types.ResultSet;

  constructor(resultSet: types.ResultSet, facts: ResultFacts<Row>) {
    const { cluster, clusters, timestampMicros, fetchPage } = facts;
    const { rows, rowLength, columns, info, pageState } = resultSet;
    this.#resultSet = resultSet;
    this.cluster = cluster;
    this.clusters = clusters ?? NO_REPORTS;
    this.timestampMicros = timestampMicros;
    this.rows = (rows ?? []) as Row[];
    this.rowLength = rowLength ?? 0;
    this.columns = columns;
    this.info = info;
    this.pageState = pageState ? formatPageState(cluster, pageState) : (null as never);
    if (fetchPage !== undefined && this.isPaged()) this.nextPage = () => fetchPage(this.pageState);
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

  /** Whether there are more pages. */
  isPaged(): boolean {
    return this.pageState !== null;
  }

  first(): Row | null;
  /** So that it fits where the driver's is expected, which leaves null out. */
  first(): Row;
  first(): Row | null {
    return this.rows[0] ?? null;
  }

  /** Of a conditional statement on one cluster: whether its condition held. */
  wasApplied(): boolean {
    return this.#resultSet.wasApplied();
  }

  /** With `writes` and the timestamp as text: JSON has no `bigint`. */
  toJSON(): object {
    const { writes, replayId, timestampMicros } = this;
    return { ...this, writes, replayId, timestampMicros: timestampMicros?.toString() };
  }

  [Symbol.iterator](): IterableIterator<Row> {
    return this.rows[Symbol.iterator]();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    // A page may be empty and not the last: the server stops at what it has looked at, not only at what it gives.
    for (let page: Result<Row> | undefined = this; page !== undefined; page = await page.nextPage?.()) {
      yield* page.rows;
    }
  }
}

function stateOf({ applied, queued }: ClusterReport): WriteState {
  if (applied === "yes") return "applied";
  if (applied === "pending") return "pending";
  if (queued === "held") return "held";
  return queued === "yes" ? "queued" : "not-queued";
}
