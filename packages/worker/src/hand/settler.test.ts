import { Backoff, createPayload, type ReleaseOptions, type ReplayMessage } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import { ByteBudget } from "../decide/byte-budget.ts";
import type { HeldMessage } from "../decide/held-message.ts";
import type { Reporter } from "../report/reporter.ts";
import { Hand } from "./hand.ts";
import { Settler } from "./settler.ts";

it("hands a message back whose queue throws where it should have called back", () => {
  const clock = new ManualClock();
  const delays: (number | undefined)[] = [];
  const refusals: unknown[] = [];
  const settler = new Settler({
    hand: new Hand(clock, undefined, new ByteBudget(1)),
    reporter: { settleFailed: (_: string, error: unknown) => refusals.push(error) } as unknown as Reporter,
    clock,
    backoff: new Backoff({ initialMs: 100, maxMs: 30_000 }),
    random: () => 0.999_999,
    onSettled: () => {},
  });
  const error = new Error("no");
  const message = {
    ...messageOf(1),
    ackThen() {
      throw error;
    },
    release: async ({ delayMs }: ReleaseOptions) => void delays.push(delayMs),
  } as unknown as ReplayMessage;
  settler.ack({ message } as HeldMessage);
  expect([delays, refusals]).toEqual([[100], [error]]);
});

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
      ...messageOf(n),
      deadLetter: () => Promise.reject(new Error("no")),
      release: async ({ delayMs }: ReleaseOptions) => void delays.push(delayMs),
    }) as unknown as ReplayMessage;
  for (let n = 0; n < 10_001; n++) await settler.drop(refused(n), { reason: "held" });
  expect(new Set(delays.slice(0, -1))).toEqual(new Set([100]));
  expect(delays.at(-1)).toBe(30_000);
});

function messageOf(n: number): Pick<ReplayMessage, "lane" | "content"> {
  const operation = { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [n] } as const;
  const payload = createPayload({ id: `m${n}`, targetCluster: "A", operation, timestampMicros: 1n });
  return { lane: "high.A", content: { ok: true, payload } };
}
