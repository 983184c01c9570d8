import type { Inspection, TableName, Using, WriteStatement } from "@helix/safety";
import type { ServerReading } from "./server-reading.ts";

type Accepted = Extract<ServerReading, { kind: "accepted" }>;

/**
 * Where an inspection reads a text that the server takes otherwise than the server does, in words; undefined where it
 * does not, or refuses to say more.
 *
 * @param isConditional Undefined: the server does not tell.
 */
export function misreading(
  inspection: Inspection,
  server: Accepted,
  isConditional: boolean | undefined,
  keyspace: string,
): string | undefined {
  const { verdict, statement } = inspection;
  const isRead = server.results.length > 0;
  if (isRead) return verdict === "read" || verdict === "refuse" ? undefined : `a read is ${verdict}`;
  if (verdict === "read") return "what is no read is one";
  if (statement === undefined) return verdict === "refuse" ? undefined : `${verdict} without a statement`;
  if (isConditional && verdict !== "refuse") return `a conditional statement is ${verdict}`;
  const members = statement.verb === "batch" ? statement.members : [statement];
  const says = members.some((member) => member.condition !== undefined);
  if (isConditional !== undefined && says !== isConditional) return `conditional is ${says}`;
  return (
    difference(
      "markers",
      markersOf(inspection, members, statement.using),
      server.markers.map(({ name }) => name),
    ) ?? missing(inspection.tables, server.tables, keyspace)
  );
}

function difference(
  what: string,
  ours: readonly (string | undefined)[],
  theirs: readonly string[],
): string | undefined {
  const isEqual =
    ours.length === theirs.length &&
    ours.every((name, index) => name === undefined || name === theirs[index]);
  return isEqual ? undefined : `${what} are ${JSON.stringify(ours)} and not ${JSON.stringify(theirs)}`;
}

function missing(
  tables: readonly TableName[],
  theirs: readonly string[],
  keyspace: string,
): string | undefined {
  const ours = tables.map((name) => `${name.keyspace?.name ?? keyspace}.${name.table.name}`);
  const lost = theirs.filter((table) => !ours.includes(table));
  return lost.length === 0 ? undefined : `tables are ${JSON.stringify(ours)} without ${JSON.stringify(lost)}`;
}

/** As the server names them, where that is known. */
function markersOf(
  { markers }: Inspection,
  members: readonly WriteStatement[],
  ofBatch: Using | undefined,
): (string | undefined)[] {
  const names = markers.map(({ name }) => name);
  const told = (marker: { readonly kind: string; readonly index?: number } | undefined, name: string) => {
    if (marker?.kind === "marker" && marker.index !== undefined) names[marker.index] ??= name;
  };
  for (const { using } of [...members, { using: ofBatch }]) {
    told(using?.ttl, "[ttl]");
    told(using?.timestamp, "[timestamp]");
  }
  for (const member of members) if (member.verb === "insert") told(member.json?.value, "[json]");
  return names;
}
