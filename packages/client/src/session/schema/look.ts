import type { types } from "cassandra-driver";

/** What one row of one node says, cheaply. */
export interface Look {
  /** Another one after each change of the schema, as far as that node knows it. */
  readonly version: string;
  /** Which node has said so, by the driver's name for it. */
  readonly host: string | undefined;
  /** And by its own: undefined where it does not say. */
  readonly hostId: string | undefined;
  /** When tables were last truncated, by table id and the node's clock. Milliseconds since 1970. */
  readonly truncatedAtMs: ReadonlyMap<string, number>;
  /** The node's clock. Milliseconds since 1970; undefined where it does not say. */
  readonly serverMs: number | undefined;
}

/** Undefined where the node does not say what its schema is. */
export function lookOf({ rows, info }: types.ResultSet): Look | undefined {
  const row: Readonly<Record<string, unknown>> | undefined = rows?.[0];
  if (row === undefined || row.schema_version === undefined || row.schema_version === null) return undefined;
  return {
    version: String(row.schema_version),
    host: info?.queriedHost,
    hostId: row.host_id === null || row.host_id === undefined ? undefined : String(row.host_id),
    truncatedAtMs: truncationsOf(row.truncated_at),
    serverMs: timeOf(row.now),
  };
}

/** A blob for each table, of which the last eight bytes are the time (`SystemKeyspace.truncationAsMapEntry`). */
function truncationsOf(value: unknown): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  // A Map, where the session's option `encoding.map` asks for one.
  const entries = value instanceof Map ? value : Object.entries(value ?? {});
  for (const [tableId, blob] of entries) {
    if (Buffer.isBuffer(blob) && blob.length >= 8) {
      times.set(String(tableId), Number(blob.readBigInt64BE(blob.length - 8)));
    }
  }
  return times;
}

/** Of a `timeuuid`, as the driver has it. */
function timeOf(value: unknown): number | undefined {
  const { getDate } = (value ?? {}) as { getDate?: () => Date };
  return typeof getDate === "function" ? getDate.call(value).getTime() : undefined;
}
