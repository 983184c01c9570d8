import type { Decision, MemberDecision, Verdict } from "@helix/safety";
import { expect, test } from "vitest";
import { decideOnBoth } from "./decide-on-both.ts";

function decision(verdict: Verdict, ttl?: MemberDecision["ttl"]): Decision {
  return { verdict, on: [], members: [{ verdict: "replay", keyspace: "ks", table: "t", ttl }] };
}
const table = (seconds: number) => ({ seconds, source: "table" }) as const;

test.each<[Verdict, Verdict, Verdict]>([
  ["replay", "refuse", "refuse"],
  ["refuse", "gc", "refuse"],
  ["gc", "replay", "replay"],
  ["ttl", "replay", "ttl"],
  ["ttl", "evaluate", "evaluate"],
])("of %s and %s, %s counts", (A, B, expected) => {
  expect(decideOnBoth(decision(A), decision(B)).verdict).toBe(expected);
});

test.each<[string, MemberDecision["ttl"], MemberDecision["ttl"], MemberDecision["ttl"]]>([
  ["both tables' defaults", table(60), table(90), table(60)],
  ["the default of A's table alone", table(60), undefined, table(60)],
  ["the default of B's table alone", undefined, table(90), table(0)],
  [
    "what the text says",
    { seconds: 5, source: "text" },
    { seconds: 5, source: "text" },
    { seconds: 5, source: "text" },
  ],
])("with %s, A's TTL counts for both", (_, A, B, expected) => {
  const { members } = decideOnBoth(decision("ttl", A), decision("ttl", B));
  expect(members[0]?.ttl).toEqual(expected);
});
