import type { CqlType } from "./cql-type.ts";
import type { DdlReader } from "./ddl-reader.ts";
import { type ColumnSchema, DEFAULT_GC_GRACE_SECONDS, isCounterTable, type TableSchema } from "./schema.ts";

/** Takes what follows the name in CREATE TABLE. */
export function readTable(reader: DdlReader, keyspace: string, name: string): TableSchema {
  const columns = new Map<string, ColumnSchema>();
  const partition: string[] = [];
  const clustering: string[] = [];
  reader.takeInParentheses(() => {
    if (reader.take("primary", "key")) readKey(reader, partition, clustering);
    else readColumn(reader, columns, partition);
  });
  for (const key of partition) setKind(reader, columns, key, "partition");
  for (const key of clustering) setKind(reader, columns, key, "clustering");
  const options = reader.take("with") ? readOptions(reader) : new Map<string, string>();
  return {
    keyspace,
    name,
    isView: false,
    isCounter: isCounterTable(columns),
    id: options.get("id"),
    defaultTtlSeconds: Number(options.get("default_time_to_live") ?? 0),
    gcGraceSeconds: Number(options.get("gc_grace_seconds") ?? DEFAULT_GC_GRACE_SECONDS),
    transactionalMode: options.get("transactional_mode"),
    columns,
  };
}

function readColumn(reader: DdlReader, columns: Map<string, ColumnSchema>, partition: string[]): void {
  const name = reader.takeName();
  const type: CqlType = reader.takeType();
  const kind = reader.take("static") ? "static" : "regular";
  columns.set(name, { name, type, kind });
  // A mask may stand before or after.
  for (reader.skipTo(",", ")", "primary"); reader.take("primary", "key"); reader.skipTo(",", ")"))
    partition.push(name);
}

/** `((a, b), c)`, `(a, b)` */
function readKey(reader: DdlReader, partition: string[], clustering: string[]): void {
  let keys = partition;
  reader.takeInParentheses(() => {
    if (reader.word === "(") reader.takeInParentheses(() => keys.push(reader.takeName()));
    else keys.push(reader.takeName());
    keys = clustering;
  });
}

function setKind(
  reader: DdlReader,
  columns: Map<string, ColumnSchema>,
  name: string,
  kind: ColumnSchema["kind"],
): void {
  const column = columns.get(name);
  if (column === undefined) reader.fail(`a column ${name}, which the key names`);
  else columns.set(name, { ...column, kind });
}

/** `a = 1 AND b = 'x' AND CLUSTERING ORDER BY (…) AND COMPACT STORAGE` */
function readOptions(reader: DdlReader): Map<string, string> {
  const options = new Map<string, string>();
  do {
    const name = reader.word;
    reader.next();
    if (reader.take("=")) options.set(name, reader.isText ? reader.value : reader.word);
    reader.skipTo("and", ";");
  } while (reader.take("and"));
  return options;
}
