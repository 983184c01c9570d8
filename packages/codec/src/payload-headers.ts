import { messageId, type ReplayPayload } from "@helix/core";
import { FORMAT_VERSION } from "./wire/envelope.ts";

/** What a table's name may be cut at: two names of 48 characters and the point, a few times. */
const MAX_TABLES_LENGTH = 400;
/** W3C Trace Context, section 3.2: version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
/** What stands for itself: a header ends at a line break, and a quoted CQL name may hold one. */
const NOT_PLAIN = /[^A-Za-z0-9_.,$-]/gu;

/**
 * What an operator reads of a message without decoding it, and all that stands outside of its body. Cluster
 * and priority are the subject. Nothing that was bound to a statement, and no text of a statement.
 *
 * | header | |
 * |---|---|
 * | `Nats-Msg-Id` | id and life; the durable queue de-duplicates by it |
 * | `Helix-Format` | version of the format of the body |
 * | `Helix-Table` | `keyspace.table`, several with commas; unusual characters as `%hex` of their UTF-8 |
 * | `traceparent` | W3C trace context of the write, if it had one that is well formed |
 */
export function payloadHeaders(payload: ReplayPayload): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    "Nats-Msg-Id": messageId(payload),
    "Helix-Format": String(FORMAT_VERSION),
    "Helix-Table": payload.tables.map(plain).join(",").slice(0, MAX_TABLES_LENGTH),
  };
  if (payload.traceparent !== undefined && TRACEPARENT.test(payload.traceparent)) {
    headers.traceparent = payload.traceparent;
  }
  return headers;
}

/**
 * Whether a payload with this `Helix-Table` is about a table. Undefined where only the payload can tell: there is no such header, it
 * was cut, or it has a comma, which parts two tables or stands in the name of one.
 */
export function isTableInHeader(header: string | undefined, table: string): boolean | undefined {
  if (header === undefined || header.length >= MAX_TABLES_LENGTH) return undefined;
  if (!`,${header},`.includes(`,${plain(table)},`)) return false;
  return header === "" || header.includes(",") ? undefined : true;
}

/** All tables in this `Helix-Table`, of which no name has a comma; undefined where only the payload can tell. */
export function tablesInHeader(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.length >= MAX_TABLES_LENGTH) return undefined;
  if (header === "") return [];
  const names = header.split(",");
  try {
    return header.includes("%") ? names.map(decodeURIComponent) : names;
  } catch {
    return undefined;
  }
}

function plain(name: string): string {
  return name.replaceAll(NOT_PLAIN, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}
