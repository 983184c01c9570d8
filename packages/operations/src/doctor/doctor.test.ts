import type { Examination, Finding, Harm } from "@helix/core";
import { toldError } from "@helix/core/internal";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import type { Operated } from "../operated.ts";
import { doctor } from "./doctor.ts";

const clock = new ManualClock();

function finding(code: string, harm: Harm): Finding {
  return { code, harm, where: "here", what: "It can happen.", cure: "Do something." };
}

function operated(examine?: () => Promise<Examination>, retentionMs?: number): Operated {
  const queue = new MemoryReplayer();
  const { deadLetters, traits } = queue;
  return {
    queue: {
      depths: () => queue.depths(),
      deadLetters,
      traits: retentionMs === undefined ? traits : { ...traits, retentionMs },
      ...(examine && { examine }),
    },
    control: new MemoryControlStore(),
    clusterNames: { B: "north" },
    clock,
  };
}

const found = (...findings: Finding[]) => operated(async () => ({ findings, unseen: [] }));

describe("the doctor", () => {
  it("says what a queue in memory can lose", async () => {
    const { control } = operated();
    const report = await doctor({ queue: new MemoryReplayer(), control });
    expect(report).toMatchObject({ verdict: 1, findings: [{ code: "in-memory", harm: "loss" }], unseen: [] });
  });

  it("tells the worst first", async () => {
    const harms: Harm[] = ["advice", "standstill", "loss", "exposure"];
    const { findings } = await doctor(found(...harms.map((harm) => finding(harm, harm))));
    expect(findings.map(({ harm }) => harm)).toEqual(["loss", "standstill", "exposure", "advice"]);
  });

  it("tells what is the same of several once, and of which", async () => {
    const at = (where: string) => ({ ...finding("a", "loss"), where });
    const { findings } = await doctor(found(at("stream s"), finding("b", "loss"), at("stream t")));
    expect(findings.map(({ code, where }) => [code, where])).toEqual([
      ["a", "stream s; stream t"],
      ["b", "here"],
    ]);
  });

  it.each([
    ["nothing", [], 0],
    ["advice alone", [finding("a", "advice")], 0],
    ["an exposure", [finding("a", "exposure")], 1],
  ])("finds %s, with the verdict", async (_, findings, verdict) => {
    expect((await doctor(found(...findings))).verdict).toBe(verdict);
  });

  it("does not take what it could not see for healthy", async () => {
    const rejecting = operated(() => Promise.reject(toldError("no right")));
    expect(await doctor(rejecting)).toMatchObject({
      verdict: 2,
      unseen: [{ what: "the queue", why: "no right" }],
    });
  });

  it("waits for nobody longer than 10 s, and tells what the others say", async () => {
    const silent = doctor(
      operated(() => new Promise(() => {})),
      {
        executor: { clockOffsetMs: () => 5000 },
      },
    );
    await clock.advance(10_000);
    const { findings, unseen, verdict } = await silent;
    expect(unseen).toEqual([{ what: "the queue", why: "no answer within 10 s" }]);
    expect(findings.map(({ where }) => where)).toEqual(["cluster A; cluster north"]);
    expect(verdict).toBe(2);
  });

  it.each([
    [3600, 7_200_000, "what waits for longer than 60 min is not replayed without force"],
    [0, 7_200_000, "nothing is replayed to it without force"],
  ])(
    "compares the shortest gc_grace_seconds, %i, with how long messages are kept",
    async (gcGraceSeconds, keptMs, what) => {
      const shortestGrace = async () => ({ table: "ks.t", gcGraceSeconds });
      const { findings } = await doctor(operated(undefined, keptMs), { executor: { shortestGrace } });
      expect(findings).toHaveLength(1);
      expect(findings[0]).toMatchObject({
        code: "short-grace",
        harm: "loss",
        where: "cluster A, table ks.t; cluster north, table ks.t",
      });
      expect(findings[0]?.what).toContain(what);
      expect(
        (
          await doctor(operated(undefined, 3_600_000), {
            executor: { shortestGrace: async () => ({ table: "ks.t", gcGraceSeconds: 3600 }) },
          })
        ).findings,
      ).toEqual([]);
    },
  );

  it.each([
    [1500, "1.5 s ahead of"],
    [-2000, "2.0 s behind"],
  ])("tells of a cluster's clock that is %i ms off", async (offsetMs, what) => {
    const clockOffsetMs = (cluster: string) => (cluster === "A" ? offsetMs : 900);
    const { findings } = await doctor(found(), { executor: { clockOffsetMs } });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toContain(what);
  });

  it("does not say that pods agree whose reports it cannot read", async () => {
    const control = new MemoryControlStore();
    control.list = () => Promise.reject(toldError("away"));
    const { unseen, verdict } = await doctor({ ...operated(), control });
    expect([unseen, verdict]).toEqual([[{ what: "the pods", why: "away" }], 2]);
  });

  it("does not say that a cluster is healthy that does not answer", async () => {
    const shortestGrace = () => Promise.reject(toldError("away"));
    const { unseen } = await doctor(operated(undefined, 1000), { executor: { shortestGrace } });
    expect(unseen).toEqual([
      { what: "cluster A", why: "away" },
      { what: "cluster north", why: "away" },
    ]);
  });
});
