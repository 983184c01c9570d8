import type { EvaluatedFunction } from "../inspection.ts";
import type { Call } from "./syntax.ts";

/** Native functions whose value is not the same twice, by each of their names. */
const EVALUATED: Readonly<Record<string, EvaluatedFunction>> = {
  now: "now",
  uuid: "uuid",
  current_timestamp: "current_timestamp",
  currenttimestamp: "current_timestamp",
  current_date: "current_date",
  currentdate: "current_date",
  current_time: "current_time",
  currenttime: "current_time",
  current_timeuuid: "current_timeuuid",
  currenttimeuuid: "current_timeuuid",
};

/** Types that have functions `text_as_blob` and `blob_as_text`; old spelling: without underscores. */
const BLOB_TYPES = [
  ...[
    "ascii",
    "bigint",
    "boolean",
    "counter",
    "date",
    "decimal",
    "double",
    "duration",
    "empty",
    "float",
    "inet",
  ],
  ...["int", "smallint", "text", "time", "timestamp", "timeuuid", "tinyint", "uuid", "varchar", "varint"],
];
const CAST_TYPES = [
  ...[
    "ascii",
    "bigint",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "smallint",
    "text",
    "timestamp",
    "tinyint",
  ],
  "varint",
];

/** Those of Cassandra 5.0 whose value depends on their arguments alone. `token` is none: it depends on the cluster's partitioner. */
const PURE: ReadonlySet<string> = new Set([
  ...BLOB_TYPES.flatMap((type) => [`${type}_as_blob`, `${type}asblob`, `blob_as_${type}`, `blobas${type}`]),
  ...CAST_TYPES.map((type) => `cast_as_${type}`),
  ...["to_date", "todate", "to_timestamp", "totimestamp", "to_unix_timestamp", "tounixtimestamp"],
  ...["min_timeuuid", "mintimeuuid", "max_timeuuid", "maxtimeuuid", "floor"],
  ...["from_json", "fromjson", "to_json", "tojson"],
  ...["abs", "exp", "log", "log10", "round"],
  ...["collection_avg", "collection_count", "collection_max", "collection_min", "collection_sum"],
  ...["map_keys", "map_values"],
  ...["mask_default", "mask_hash", "mask_inner", "mask_null", "mask_outer", "mask_replace"],
  ...["similarity_cosine", "similarity_dot_product", "similarity_euclidean"],
]);

/**
 * What a call gives twice, if no function of the user takes its place. Undefined for one that names another keyspace than `system`, and
 * for one that no server takes, since what is evaluated has no arguments.
 */
export function nativeCall({ keyspace, name, args }: Call): "pure" | EvaluatedFunction | undefined {
  if (keyspace !== undefined && keyspace.name !== "system") return undefined;
  const native = nativeFunction(name.name);
  return native === "pure" || args.length === 0 ? native : undefined;
}

/** What a native function with that name gives twice. Undefined: there is none with that name. */
export function nativeFunction(name: string): "pure" | EvaluatedFunction | undefined {
  if (PURE.has(name)) return "pure";
  return Object.hasOwn(EVALUATED, name) ? EVALUATED[name] : undefined;
}
