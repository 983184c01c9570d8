import type { ClusterId } from "@helix/core";
import type { types } from "cassandra-driver";

/** What came of a write on one cluster. `not-queued`: `onEnqueueFailed` was given the payload. */
export type WriteState = "applied" | "queued" | "not-queued";

/** What {@link Result} knows beyond the driver's answer. */
export interface ResultFacts {
  readonly cluster: ClusterId;
  readonly writes?: Readonly<Partial<Record<ClusterId, WriteState>>> | undefined;
  readonly replayId?: string | undefined;
  readonly timestampMicros?: bigint | undefined;
}

const NO_WRITES = Object.freeze({});

/** What `execute` and `batch` resolve with: the driver's answer, and what came of a write per cluster. */
export class Result<Row = types.Row> implements Iterable<Row> {
  /** The cluster whose answer this is. */
  readonly cluster: ClusterId;
  /** Empty for anything but a write to both clusters. */
  readonly writes: Readonly<Partial<Record<ClusterId, WriteState>>>;
  /** The id of the payload that was queued, if one was. */
  readonly replayId: string | undefined;
  /** What the write was made with; undefined for a read. */
  readonly timestampMicros: bigint | undefined;
  readonly #resultSet: types.ResultSet;

  constructor(resultSet: types.ResultSet, facts: ResultFacts) {
    this.#resultSet = resultSet;
    this.cluster = facts.cluster;
    this.writes = facts.writes ?? NO_WRITES;
    this.replayId = facts.replayId;
    this.timestampMicros = facts.timestampMicros;
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
