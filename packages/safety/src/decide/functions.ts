import type { CqlType } from "../schema/cql-type.ts";

/**
 * The type of a text among the arguments of a native function: a type, `result` for that of the function's own value, or undefined where it
 * depends on what is there.
 */
export function argumentOf(name: string): CqlType | "result" | undefined {
  if (name.startsWith("blob")) return native("blob");
  const written = BLOB_SUFFIXES.find((suffix) => name.endsWith(suffix));
  return written === undefined ? ARGUMENTS.get(name) : native(name.slice(0, -written.length));
}

/** `timestamp_as_blob`, and the old spelling `timestampasblob`. */
const BLOB_SUFFIXES = ["_as_blob", "asblob"];

function native(name: string): CqlType {
  return { kind: "native", name };
}

const ARGUMENTS = new Map<string, CqlType | "result">([
  ...named("min_timeuuid mintimeuuid max_timeuuid maxtimeuuid", native("timestamp")),
  // Of a date or a timestamp, which a text may be: as if it were the one that is read by the zone.
  ...named("to_date todate to_unix_timestamp tounixtimestamp floor", native("timestamp")),
  ...named("to_timestamp totimestamp", native("date")),
  ...named("mask_inner mask_outer mask_hash to_json tojson", native("text")),
  ...named("mask_default mask_null mask_replace", "result"),
]);

function named(names: string, argument: CqlType | "result"): [string, CqlType | "result"][] {
  return names.split(" ").map((name) => [name, argument]);
}
