import type { Span } from "../cql/syntax.ts";
import type { CqlType } from "../schema/cql-type.ts";
import type { ColumnSchema, KeyspaceSchema, TableSchema } from "../schema/schema.ts";
import type { Effect } from "./findings.ts";
import { mistaken, type Objection, refused } from "./objection.ts";
import { listObjection } from "./reasons.ts";
import { textObjection } from "./server-evaluated.ts";
import { columnOf, fieldOf, isCellList, isObjection, userTypeOf } from "./types.ts";

/** What `INSERT … JSON` does with a text: what speaks against it, or `data`. A value that is no text is not understood. */
export function jsonRow(text: unknown, table: TableSchema, keyspace: KeyspaceSchema, at: Span): Effect {
  const json = parse(text);
  if (!isObject(json)) return malformed(at, "a JSON object");
  for (const [key, value] of Object.entries(json)) {
    const column = columnOf(table, { ...at, name: foldedKey(key) });
    if (isObjection(column)) return column;
    const effect = jsonEffect(value, column, keyspace, at);
    if (typeof effect === "object") return effect;
  }
  return "data";
}

/** What `from_json` does with a text for a whole column. */
export function jsonColumn(text: unknown, column: ColumnSchema, keyspace: KeyspaceSchema, at: Span): Effect {
  const json = parse(text);
  return json === undefined ? malformed(at, "JSON") : jsonEffect(json, column, keyspace, at);
}

/** What speaks against a text for `from_json` within another value. */
export function jsonTextObjection(
  text: unknown,
  type: CqlType,
  keyspace: KeyspaceSchema,
  at: Span,
): Objection | undefined {
  const json = parse(text);
  return json === undefined ? malformed(at, "JSON") : jsonObjection(json, type, keyspace, at);
}

function jsonEffect(json: unknown, { name, type }: ColumnSchema, keyspace: KeyspaceSchema, at: Span): Effect {
  if (json === null) return "tombstone";
  const objection = jsonObjection(json, type, keyspace, at);
  if (objection !== undefined) return objection;
  if (!isCellList(type)) return "data";
  const items = unwrapped(json);
  return Array.isArray(items) && items.length === 0 ? "tombstone" : listObjection("overwrite", name, at);
}

/** What speaks against a value in JSON; the server reads each by the type that it is for, strings as JSON again where a collection is due. */
function jsonObjection(
  json: unknown,
  type: CqlType,
  keyspace: KeyspaceSchema,
  at: Span,
): Objection | undefined {
  if (json === null) return undefined;
  switch (type.kind) {
    case "native":
      return typeof json === "string" ? textObjection(json, type.name, at) : undefined;
    case "custom":
      return refused(
        at,
        "JSON for a custom type",
        `What a server makes of it is known to ${type.name} alone.`,
      );
    case "map":
    case "user": {
      const object = unwrapped(json);
      if (!isObject(object)) return malformed(at, "an object");
      return first(Object.entries(object), ([key, value]) =>
        type.kind === "map"
          ? (jsonObjection(key, type.key, keyspace, at) ?? jsonObjection(value, type.value, keyspace, at))
          : fieldObjection(key, value, type, keyspace, at),
      );
    }
    default: {
      const items = unwrapped(json);
      if (!Array.isArray(items)) return malformed(at, "an array");
      return first(items, (item, index) => {
        const of = type.kind === "tuple" ? type.of[index] : type.of;
        return of === undefined ? malformed(at, "fewer items") : jsonObjection(item, of, keyspace, at);
      });
    }
  }
}

function fieldObjection(
  key: string,
  value: unknown,
  type: CqlType & { kind: "user" },
  keyspace: KeyspaceSchema,
  at: Span,
): Objection | undefined {
  const userType = userTypeOf(keyspace, type, at);
  if (isObjection(userType)) return userType;
  const field = fieldOf(userType, foldedKey(key), at);
  return isObjection(field) ? field : jsonObjection(value, field, keyspace, at);
}

/** In lower case unless it is quoted within its quotes, as for the server. */
function foldedKey(key: string): string {
  const isQuoted = key.length > 1 && key.startsWith('"') && key.endsWith('"');
  return isQuoted ? key.slice(1, -1) : key.toLowerCase();
}

/** Undefined for what is no JSON. */
function parse(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unwrapped(json: unknown): unknown {
  return typeof json === "string" ? parse(json) : json;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function malformed(at: Span, expected: string): Objection {
  return mistaken(at, "JSON that is not understood", `There should be ${expected}.`);
}

function first<T>(
  items: readonly T[],
  objection: (item: T, index: number) => Objection | undefined,
): Objection | undefined {
  for (const [index, item] of items.entries()) {
    const found = objection(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
