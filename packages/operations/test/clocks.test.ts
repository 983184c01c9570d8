import { describe, expect, it } from "vitest";
import { doctor, status } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

/** Pods whose clocks are ahead by as much; what the doctor has found of clocks. */
async function findingsOf(...aheadMs: number[]) {
  const world = setUp();
  const { clock } = world;
  const start = pods(world);
  const made = aheadMs.map((ms, n) =>
    start({
      host: `pod-${n}`,
      clock: {
        wallMs: () => clock.wallMs() + ms,
        monotonicMs: () => clock.monotonicMs(),
        setTimer: clock.setTimer.bind(clock),
      },
    }),
  );
  await clock.advance(1);
  const look = async () =>
    (await doctor(world.operated)).findings.filter(({ code }) => code === "clock-offset");
  return { clock, look, ids: made.map(({ heartbeat }) => heartbeat.id) };
}

describe("the doctor, of the pods' clocks", () => {
  it("tells which one is off, by how much, and what to do", async () => {
    const { look, ids } = await findingsOf(0, 3000);
    expect(await look()).toEqual([
      {
        code: "clock-offset",
        harm: "standstill",
        where: `pod ${ids[1]}`,
        what: `The clocks of the pods and of the queue's servers are 3.0 s apart (${ids[1]} is 3.0 s ahead of the servers): an order with an end is over for one pod and holds for another, and ages differ by as much.`,
        cure: "Let all machines follow the same time servers.",
      },
    ]);
  });

  it("compares them with each other, where none is far from the servers'", async () => {
    const { look, ids } = await findingsOf(800, -700);
    const [finding] = await look();
    expect(finding?.where).toBe(`pod ${ids[0]}; pod ${ids[1]}`);
    expect(finding?.what).toContain(
      `1.5 s apart (${ids[0]} is 0.8 s ahead of the servers, ${ids[1]} is 0.7 s behind the servers)`,
    );
  });

  it("has nothing against less than a second, nor against one that is gone", async () => {
    expect(await (await findingsOf(0, 1000)).look()).toEqual([]);
    const { look, clock } = await findingsOf(5000);
    expect(await look()).toHaveLength(1);
    clock.advanceNow(60_000);
    expect(await look()).toEqual([]);
  });

  it("names ten at the most", async () => {
    const { look } = await findingsOf(...Array.from({ length: 12 }, (_, n) => 2000 + n));
    const [finding] = await look();
    expect(finding?.where.split("; ")).toHaveLength(10);
    expect(finding?.what).toContain(", and 2 more)");
  });
});

describe("the status of pods whose clocks are wrong", () => {
  const HOUR_MS = 3_600_000;

  it.each([-3 * HOUR_MS, 3 * HOUR_MS])(
    "tells for how long they do what they do, %i ms off",
    async (offMs) => {
      const world = setUp();
      const { clock, operated } = world;
      let ownOffMs = offMs;
      const own = {
        wallMs: () => clock.wallMs() + ownOffMs,
        monotonicMs: () => clock.monotonicMs(),
        setTimer: clock.setTimer.bind(clock),
      };
      const { worker } = pods(world)({ clock: own });
      await clock.advance(60_000);
      const { A, B } = worker.clusters;
      const lastError = { text: "no host is there", atMs: own.wallMs() };
      const refusedWrites = { tables: "shop.users", text: "no column", sinceMs: own.wallMs() };
      worker.clusters = {
        A,
        B: { ...B, breaker: "open", breakerSinceMs: own.wallMs(), lastError, refusedWrites },
      };
      await clock.advance(120_000);
      const told = await status(operated);
      const [pod] = told.pods;
      expect(told.atMs - (pod?.startedAtMs ?? 0)).toBe(180_000);
      expect(told.clusters.B.breaker.openForMs).toBe(120_000);
      expect(told.atMs - (told.clusters.B.lastError?.atMs ?? 0)).toBe(120_000);
      expect(told.atMs - (pod?.clusters.B.refusedWrites?.sinceMs ?? 0)).toBe(120_000);
      // Set right by a jump, it has been there for as long.
      ownOffMs = 0;
      worker.clusters = { A, B };
      await clock.advance(10_000);
      const right = await status(operated);
      expect(right.atMs - (right.pods[0]?.startedAtMs ?? 0)).toBe(190_000);
    },
  );
});
