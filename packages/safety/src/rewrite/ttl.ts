import type { Insert, Update, WriteStatement } from "../cql/syntax.ts";
import type { Decision, Inspection, MemberDecision } from "../inspection.ts";
import { Edits, type Params, type Rewritten } from "./edits.ts";
import { deleteWritten } from "./tombstones.ts";

/**
 * The statement with the default TTL of its tables said in it, as a number: a default counts when a statement is executed, and may be
 * another then. Where it was a bound unset that left the TTL to the table, the number is bound.
 */
export function withDefaultTtl(inspection: Inspection, decision: Decision, params: Params): Rewritten {
  const edits = new Edits(inspection, params);
  for (const [statement, { ttl }] of written(inspection, decision)) {
    if (ttl?.source === "table") setTtl(edits, statement, ttl.seconds, false);
  }
  return edits.apply();
}

/**
 * The statement as it has to be sent `ageMs` after the write: each TTL less the age. What has lived its time is deleted as far as it
 * can be said (an UPDATE), and lives for one second otherwise (an INSERT: its row marker cannot be deleted alone; and where something
 * of the same batch outlives it, of which a delete at the same timestamp would take what both have written).
 *
 * A TTL is rounded down: of one that was rounded up, an applied write would live longer by the replay. It is bound, so that
 * there is one text whatever the age; only where nothing else is bound, and so nothing prepared, it is a number.
 *
 * @param longest The longest TTL that anything of the same timestamp has, in seconds: the statements of its batch. @default its own
 */
export function replayed(
  inspection: Inspection,
  decision: Decision,
  params: Params,
  ageMs: number,
  longest = longestTtl([decision]),
): Rewritten {
  const edits = new Edits(inspection, params);
  const age = Math.ceil(Math.max(ageMs, 0) / 1_000);
  for (const [statement, { verdict, ttl }] of written(inspection, decision)) {
    if (ttl === undefined) continue;
    const left = ttl.seconds - age;
    setTtl(edits, statement, Math.max(left, 1), inspection.markers.length > 0);
    const isDeleted = left < 1 && longest <= age && verdict === "ttl" && statement.verb === "update";
    if (isDeleted) deleteWritten(edits, statement);
  }
  return edits.apply();
}

/** The longest TTL of what is written, in seconds; 0 where nothing has one. */
export function longestTtl(decisions: readonly Decision[]): number {
  let longest = 0;
  for (const { members } of decisions)
    for (const { ttl } of members) if (ttl !== undefined && ttl.seconds > longest) longest = ttl.seconds;
  return longest;
}

function* written(
  { statement }: Inspection,
  { members }: Decision,
): Generator<[Insert | Update, MemberDecision]> {
  if (statement === undefined) return;
  const statements: readonly WriteStatement[] = statement.verb === "batch" ? statement.members : [statement];
  for (const [index, member] of statements.entries()) {
    const decided = members[index];
    if (member.verb !== "delete" && decided !== undefined) yield [member, decided];
  }
}

function setTtl(edits: Edits, { using, usingAt }: Insert | Update, seconds: number, isBound: boolean): void {
  const put = (at: number, end: number, before: string) => {
    if (isBound) edits.replaceByMarker({ at, end }, seconds, before);
    else edits.replace({ at, end }, before + seconds);
  };
  if (using === undefined) put(usingAt, usingAt, " USING TTL ");
  else if (using.ttl === undefined) put(using.end, using.end, " AND TTL ");
  else if (using.ttl.kind === "marker") edits.bind(using.ttl, seconds);
  else put(using.ttl.at, using.ttl.end, "");
}
