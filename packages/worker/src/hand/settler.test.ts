import { Backoff, createPayload, type ReleaseOptions, type ReplayMessage } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import { ByteBudget } from "../decide/byte-budget.ts";
import type { Reporter } from "../report/reporter.ts";
import { Hand } from "./hand.ts";
import { Settler } from "./settler.ts";

it("puts off for the longest what is refused while more are than can be remembered, so that they make no storm", async () => {
  const clock = new ManualClock();
  const delays: (number | undefined)[] = [];
  const settler = new Settler({
    hand: new Hand(clock, undefined, new ByteBudget(1)),
    reporter: { settleFailed() {} } as unknown as Reporter,
    clock,
    backoff: new Backoff({ initialMs: 100, maxMs: 30_000 }),
    random: () => 0.999_999,
    onSettled: () => {},
  });
  const refused = (n: number) =>
    ({
      lane: "high.A",
      content: {
        ok: true,
        payload: createPayload({
          id: `m${n}`,
          targetCluster: "A",
          operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [n] },
          timestampMicros: 1n,
        }),
      },
      deadLetter: () => Promise.reject(new Error("no")),
      release: async ({ delayMs }: ReleaseOptions) => void delays.push(delayMs),
    }) as unknown as ReplayMessage;
  for (let n = 0; n < 10_001; n++) await settler.drop(refused(n), { reason: "held" });
  expect(new Set(delays.slice(0, -1))).toEqual(new Set([100]));
  expect(delays.at(-1)).toBe(30_000);
});
