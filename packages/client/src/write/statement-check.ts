import { helixError } from "@helix/core";
import { cqlTokens, TextCache } from "@helix/core/internal";

/** What the text of a statement says about how it may be run. */
export interface StatementKind {
  /** The first word, lower-cased: `insert`, `select`, `truncate` …; empty if there is none. */
  readonly verb: string;
  /** What makes it unfit for a replay; undefined if nothing in the text does. */
  readonly construct: string | undefined;
}

const WRITES: ReadonlySet<string> = new Set(["insert", "update", "delete"]);
const cache = new TextCache(inspect);

/**
 * Looks at the text alone: the first word, and `IF`. Counters, lists, `now()` and TTL need the schema or
 * more of the grammar and are not looked for. Pure; cached per text.
 */
export function inspectStatement(query: string): StatementKind {
  return cache.get(query);
}

/** Whether it changes rows, and so takes a timestamp. */
export function isWrite(kind: StatementKind): boolean {
  return WRITES.has(kind.verb);
}

/**
 * Refuses what must not be run later, twice, or on the other cluster.
 *
 * @throws HELIX_NOT_REPLAYABLE naming the construct and the way out.
 */
export function assertReplayable(construct: string | undefined): void {
  if (construct === undefined) return;
  throw helixError(
    "HELIX_NOT_REPLAYABLE",
    `${construct} is not safe to run on two clusters, or to replay: nothing was written. ` +
      'To run it on one cluster, knowingly, pass `{ cluster: "A" }`',
    { construct },
  );
}

/**
 * `USE` would change the keyspace of the session behind everybody's back, until the session is replaced.
 *
 * @throws HELIX_NOT_REPLAYABLE
 */
export function assertNoUse(kind: StatementKind): void {
  if (kind.verb !== "use") return;
  throw helixError(
    "HELIX_NOT_REPLAYABLE",
    "USE is refused, since sessions are replaced and shared: set `keyspace` in the options of the cluster, " +
      "or name the keyspace in the statement",
    { construct: "USE" },
  );
}

function inspect(query: string): StatementKind {
  const tokens = cqlTokens(query);
  const first = tokens.next();
  if (first.done || first.value.kind !== "word") return { verb: "", construct: "a text without a CQL verb" };
  const verb = first.value.text;
  if (verb === "select") return { verb, construct: undefined };
  if (verb === "begin") return { verb, construct: "BEGIN BATCH in a text (use `batch`)" };
  if (!WRITES.has(verb)) return { verb, construct: verb.slice(0, 40).toUpperCase() };
  let before = verb;
  for (const { kind, text } of tokens) {
    // IF is reserved: as a name it is quoted, or it belongs to a marker or a qualified name.
    if (kind === "word" && text === "if" && before !== ":" && before !== ".") {
      return { verb, construct: "a conditional statement (IF)" };
    }
    before = text;
  }
  return { verb, construct: undefined };
}
