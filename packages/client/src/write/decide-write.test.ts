import { helixError } from "@helix/core";
import { errors } from "cassandra-driver";
import { expect, test } from "vitest";
import { readError } from "../failure/read-error.ts";
import { type ClusterOutcome, decideWrite, isMistake } from "./decide-write.ts";

const failed = (error: unknown): ClusterOutcome<string> => ({
  state: "failed",
  error,
  reading: readError(error),
});

const outcomes: Readonly<Record<string, ClusterOutcome<string>>> = {
  applied: { state: "applied", result: "" },
  away: failed(new errors.NoHostAvailableError({})),
  lost: failed(new errors.OperationTimedOutError("no reply")),
  curable: failed(new errors.ResponseError(0x2100, "")),
  refused: failed(new errors.ResponseError(0x2000, "")),
  early: failed(helixError("HELIX_PAYLOAD_INVALID", "", { retry: "later" })),
  unbindable: failed(new TypeError()),
};

// Rows: what A came to; columns: what B came to. `+` success, `?` pending, `-` failed, `!` mistake.
const table = `
            applied  away  lost  curable  refused  early  unbindable
applied     +        +B    +B    +B       +B       +B     +B
away        +A       -     ?AB   -        -        !      !
lost        +A       ?AB   ?AB   ?AB      ?AB      ?AB    !
curable     +A       -     ?AB   -        -        !      !
refused     +A       -     ?AB   -        -        !      !
early       +A       !     ?AB   !        !        !      !
unbindable  +A       !     !     !        !        !      !
`;

const [header = "", ...rows] = table.trim().split("\n");
const columns = header.trim().split(/\s+/);
const cases = rows.flatMap((row) => {
  const [a = "", ...cells] = row.split(/\s+/);
  return cells.map((cell, n) => [a, columns[n] ?? "", cell] as const);
});
const verdicts = { "+": "success", "?": "pending", "-": "failed", "!": "mistake" } as const;

test.each(cases)("A %s, B %s: %s", (a, b, cell) => {
  const [A, B] = [outcomes[a], outcomes[b]];
  if (A === undefined || B === undefined) throw new Error(`No such outcome: ${a}, ${b}`);
  const verdict = verdicts[cell.charAt(0) as keyof typeof verdicts];
  expect(decideWrite({ A, B })).toEqual({ verdict, queue: cell.slice(1).split("").filter(Boolean) });
});

test("the table has a row and a column for each outcome", () => {
  expect(columns).toEqual(Object.keys(outcomes));
  expect(cases).toHaveLength(49);
});

test.each<[string, unknown, boolean]>([
  ["what the driver cannot encode", new RangeError(), true],
  ["an option that it does not take", new errors.ArgumentError(""), true],
  ["what we refuse", helixError("HELIX_PAYLOAD_INVALID", "", { path: "params[0]" }), true],
  ["what the columns do not take yet", helixError("HELIX_PAYLOAD_INVALID", "", { retry: "later" }), true],
  ["what a server refuses", new errors.ResponseError(0x2200, ""), false],
  ["more than its connections take", new errors.BusyConnectionError("10.0.0.1", 2048, 1), false],
  ["what is not even an error", null, false],
])("the caller's mistake: %s", (_, error, expected) => {
  expect(isMistake(failed(error))).toBe(expected);
});
