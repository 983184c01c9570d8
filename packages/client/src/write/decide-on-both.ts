import type { Decision, MemberDecision } from "@helix/safety";
import { hasDefaultTtl } from "./sent-operation.ts";

const CARE: Readonly<Record<Decision["verdict"], number>> = {
  read: 0,
  gc: 1,
  replay: 2,
  ttl: 3,
  evaluate: 4,
  depends: 5,
  refuse: 6,
};

/** What a statement comes to on both clusters, whose tables may differ: the more careful verdict, and one TTL for both, that of A. */
export function decideOnBoth(A: Decision, B: Decision): Decision {
  return withOneTtl(CARE[B.verdict] > CARE[A.verdict] ? B : A, A, B);
}

/** With the TTL that the tables of both have together, by what was decided on each. */
export function withOneTtl(decision: Decision, A: Decision, B: Decision): Decision {
  if (!(hasDefaultTtl(A) || hasDefaultTtl(B))) return decision;
  const members = decision.members.map((member, index) => ({
    ...member,
    ttl: ttlOf(A.members[index], B.members[index]),
  }));
  return { ...decision, members };
}

/** Said in the text, it is the same for both: 0 where only B's table has a default. */
function ttlOf(A: MemberDecision | undefined, B: MemberDecision | undefined): MemberDecision["ttl"] {
  if (A?.ttl !== undefined || B?.ttl?.source !== "table") return A?.ttl;
  return { seconds: 0, source: "table" };
}
