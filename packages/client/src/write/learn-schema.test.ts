import type { ClusterId } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { type LearnOptions, type LoadSchema, learnSchema } from "./learn-schema.ts";

const TIMEOUT_MS = 15_000;

/** Two clusters that say what they know when they are told to, and what the waiting came to. */
function learning(options: Partial<LearnOptions<string>> = {}) {
  const clock = new ManualClock();
  const known = new Set<string>();
  const asked: Partial<
    Record<ClusterId, { says: (what?: string) => void; fails: (error: unknown) => void }>
  > = {};
  const signals: AbortSignal[] = [];
  const load =
    (cluster: ClusterId): LoadSchema =>
    (signal) => {
      signals.push(signal);
      return new Promise((resolve, reject) => {
        const says = (what?: string) => {
          if (what !== undefined) known.add(what);
          resolve();
        };
        asked[cluster] = { says, fails: reject };
      });
    };
  const end = learnSchema<string>({
    load: { A: load("A"), B: load("B") },
    look: () => (known.has("t") ? "t" : undefined),
    clock,
    timeoutMs: TIMEOUT_MS,
    signals: [],
    ...options,
  });
  const ended: { value?: unknown; error?: unknown } = {};
  end.then(
    (value) => {
      ended.value = value;
    },
    (error: unknown) => {
      ended.error = error;
    },
  );
  return { clock, asked, signals, ended };
}

test("the first cluster that says enough is enough, and the other one is told that nobody waits", async () => {
  const { clock, asked, signals, ended } = learning();
  asked.B?.says("t");
  await settle();
  expect(ended.value).toEqual({ found: "t" });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(clock.timers).toBe(0);
});

test.each(["does not know it", "fails"])(
  "the other cluster is waited for where the first one %s",
  async (how) => {
    const { asked, ended } = learning();
    if (how === "fails") asked.A?.fails(new Error("away"));
    else asked.A?.says();
    await settle();
    expect(ended).toEqual({});
    asked.B?.says("t");
    await settle();
    expect(ended.value).toEqual({ found: "t" });
  },
);

test("nothing is found where one cluster fails and the other does not know it, with the cause", async () => {
  const { clock, asked, ended } = learning();
  const away = new Error("away");
  asked.A?.fails(away);
  asked.B?.says("another");
  await settle();
  expect(ended.value).toEqual({ found: undefined, failures: { A: away } });
  expect(clock.timers).toBe(0);
});

test("clusters that say nothing are given up after the time of a request", async () => {
  const { clock, signals, ended } = learning();
  await clock.advance(TIMEOUT_MS - 1);
  expect(ended).toEqual({});
  await clock.advance(1);
  const timeout = { code: "HELIX_EXECUTE_TIMEOUT" };
  expect(ended.value).toMatchObject({ found: undefined, failures: { A: timeout, B: timeout } });
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

test("a cluster that throws instead of rejecting is one that failed", async () => {
  const broken = () => {
    throw new Error("broken");
  };
  const { ended } = learning({ load: { A: broken, B: broken } });
  await settle();
  expect(ended.value).toMatchObject({ failures: { A: { message: "broken" }, B: { message: "broken" } } });
});

test("what goes wrong with the looking ends the waiting", async () => {
  const refusal = new Error("refused");
  const { clock, asked, ended } = learning({
    look: () => {
      throw refusal;
    },
  });
  asked.A?.says("t");
  await settle();
  expect(ended.error).toBe(refusal);
  expect(clock.timers).toBe(0);
});

test("a signal ends the waiting with its reason, be it aborted before or meanwhile", async () => {
  for (const isBefore of [true, false]) {
    const controller = new AbortController();
    if (isBefore) controller.abort("enough");
    const { clock, signals, ended } = learning({ signals: [undefined, controller.signal] });
    controller.abort("enough");
    await settle();
    expect(ended.error).toBe("enough");
    expect(signals).toHaveLength(isBefore ? 0 : 2);
    expect(clock.timers).toBe(0);
  }
});
