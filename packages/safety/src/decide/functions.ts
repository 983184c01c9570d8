import type { CqlType } from "../schema/cql-type.ts";

/**
 * What a native function takes where a text may stand: a type by name, or `result` for the type of its own value. `unknown`: one of several,
 * by what is there.
 */
type Argument = CqlType | "result" | "unknown";

/** What the arguments of a native function are whose value depends on them alone; undefined for every other function. */
export function pureFunction(name: string): Argument | undefined {
  return PURE.get(name);
}

function native(name: string): CqlType {
  return { kind: "native", name };
}

const NATIVE_TYPES = (
  "ascii bigint boolean counter date decimal double duration empty float inet int smallint text time timestamp timeuuid " +
  "tinyint uuid varchar varint"
).split(" ");

/** Those of 5.0 (NativeFunctions), and of later versions. Not random_float_vector and token: they depend on more than their arguments. */
const PURE = new Map<string, Argument>([
  ...NATIVE_TYPES.flatMap((type): [string, Argument][] => [
    [`${type}_as_blob`, native(type)],
    [`${type}asblob`, native(type)],
    [`blob_as_${type}`, native("blob")],
    [`blobas${type}`, native("blob")],
  ]),
  ...named("min_timeuuid mintimeuuid max_timeuuid maxtimeuuid", native("timestamp")),
  // Of a timeuuid, a timestamp or a date, which a text may be: judged by what is read by the zone.
  ...named("to_date todate to_unix_timestamp tounixtimestamp floor", native("timestamp")),
  ...named("to_timestamp totimestamp", native("date")),
  ...named("mask_inner mask_outer length octet_length", native("text")),
  ...named("mask_default mask_null mask_replace", "result"),
  ...named("abs exp log log10 round format_bytes format_time", native("double")),
  ...named("similarity_cosine similarity_dot_product similarity_euclidean", {
    kind: "vector",
    of: native("float"),
    dimension: 0,
  }),
  ...named("map_keys map_values mask_hash to_json tojson", "unknown"),
  ...named("collection_avg collection_count collection_max collection_min collection_sum", "unknown"),
]);

function named(names: string, argument: Argument): [string, Argument][] {
  return names.split(" ").map((name) => [name, argument]);
}
