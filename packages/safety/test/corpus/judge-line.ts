import type { Decision, Schema, Verdict } from "@helix/safety";
import * as safety from "@helix/safety";
import { boundValues } from "./bound-values.ts";
import type { CorpusLine } from "./corpus-line.ts";

/** How an answer compares with what is known of the statement. */
export interface Judgement {
  readonly line: CorpusLine;
  readonly outcome: "right" | "too permissive" | "too careful";
  readonly expected: string;
  readonly got: string;
  readonly decision: Decision;
}

/** From careful to permissive. Nothing is said to be a read that may be a write. */
const RANK: Readonly<Record<Verdict, number>> = {
  refuse: 5,
  depends: 5,
  evaluate: 4,
  ttl: 3,
  replay: 2,
  gc: 1,
  read: 0,
};

/** @param classifier The one that is judged. */
export function judgeLine(
  line: CorpusLine,
  schema: Schema,
  keyspace: string | undefined,
  { inspect, decide }: Pick<typeof safety, "inspect" | "decide"> = safety,
): Judgement {
  const inspection = inspect(line.cql);
  const decision = decide(inspection, { schema, keyspace, values: boundValues(line.params) });
  const functions = inspection.calls.map((call) => call.function).join(", ");
  const got = { ...answerOf(decision), functions };
  // What is refused where all is known stays refused.
  const verdict = decision.verdict === "depends" ? "refuse" : decision.verdict;
  const judge = (outcome: Judgement["outcome"], expected: string, seen: string): Judgement => ({
    line,
    outcome,
    expected,
    got: decision.reason === undefined ? seen : `${seen} (${decision.reason.construct})`,
    decision,
  });
  if (verdict !== line.verdict) {
    if (line.or?.includes(verdict)) return judge("right", line.verdict, verdict);
    const isPermissive = RANK[verdict] < RANK[line.verdict];
    return judge(isPermissive ? "too permissive" : "too careful", line.verdict, decision.verdict);
  }
  if (line.then !== undefined && decision.then !== line.then) {
    const isPermissive = decision.then === undefined || RANK[decision.then] < RANK[line.then];
    const seen = `evaluate then ${decision.then}`;
    return judge(isPermissive ? "too permissive" : "too careful", `evaluate then ${line.then}`, seen);
  }
  // To be replayed with another TTL, timestamp or value is another write.
  for (const fact of ["ttl", "timestamp", "functions"] as const) {
    const expected = Array.isArray(line[fact]) ? line[fact].join(", ") : line[fact];
    if (expected !== undefined && String(expected) !== String(got[fact])) {
      return judge("too permissive", `${fact} ${expected}`, `${fact} ${got[fact]}`);
    }
  }
  return judge("right", line.verdict, verdict);
}

function answerOf({ members, timestamp }: Decision) {
  const ttls = new Set(members.flatMap((member) => (member.verdict === "ttl" ? [member.ttl?.seconds] : [])));
  return { ttl: ttls.size > 1 ? "several" : [...ttls][0], timestamp };
}
