import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { failure, hang, payload, payloads, reading, startRig } from "./rig.ts";

describe("the figures of a worker", () => {
  it("count what was applied, failed and died in each lane, and what is in hand", async () => {
    const { queue, worker } = await startRig({
      execute: async ({ id, targetCluster }) => {
        if (targetCluster === "B") await hang();
        if (id.startsWith("dead")) throw failure("rejected");
        if (id.startsWith("late")) throw failure("uncertain");
      },
    });
    queue.put(...payloads(3), payload({ name: "dead" }), payload({ name: "late", priority: "low" }));
    queue.put(...payloads(2, { targetCluster: "B", priority: "low" }));
    await settle();
    expect(worker.figures().lanes).toEqual({
      "high.A": { inHand: 0, applied: 3, failed: 0, dead: 1 },
      "low.A": { inHand: 0, applied: 0, failed: 1, dead: 0 },
      "high.B": { inHand: 0, applied: 0, failed: 0, dead: 0 },
      "low.B": { inHand: 2, applied: 0, failed: 0, dead: 0 },
    });
  });

  it("tell the breaker since when, and the last failure by its reading, which quotes no value", async () => {
    let isAway = true;
    const { queue, worker, clock } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
      executor: reading({ text: "no host is there" }),
    });
    const sinceMs = clock.wallMs();
    queue.put(payload({ targetCluster: "B" }));
    await clock.advance(60_000);
    const { A, B } = worker.figures().clusters;
    expect(A).toEqual({ breaker: "closed", concurrency: 128 });
    expect(B).toMatchObject({ breaker: "open", breakerSinceMs: sinceMs, concurrency: 0 });
    expect(B.lastError?.text).toBe("no host is there");
    expect(B.lastError?.atMs).toBeGreaterThan(sinceMs);
    isAway = false;
    await clock.advance(6000);
    expect(worker.figures().clusters.B).toMatchObject({ breaker: "closed" });
    expect(worker.figures().clusters.B.breakerSinceMs).toBeGreaterThan(sinceMs + 60_000);
  });

  it("tell what a cluster refuses for want of something, since when, until it takes it; a log is told once", async () => {
    let isCured = false;
    const lines: string[] = [];
    const tell = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`);
    const { queue, worker, clock } = await startRig({
      execute: async () => {
        if (!isCured) throw failure("uncertain");
      },
      executor: reading({ applied: "no", retry: "later", scope: "statement", text: "no column phone" }),
      logger: { debug() {}, info: tell, warn: tell, error: tell },
    });
    const sinceMs = clock.wallMs();
    queue.put(payload({ tables: ["shop.users"], targetCluster: "B" }));
    await clock.advance(3_600_000);
    expect(worker.figures().clusters.B.refusedWrites).toEqual({
      tables: "shop.users",
      text: "no column phone",
      sinceMs,
    });
    const told = () => lines.filter((line) => /refuse/.test(line));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatch(
      /^A cluster refuses writes again and again.*"cluster":"B","tables":\["shop.users"\]/,
    );
    isCured = true;
    await clock.advance(1_200_000);
    expect(worker.figures().clusters.B.refusedWrites).toBeUndefined();
    expect(told()).toHaveLength(2);
    expect(told()[1]).toMatch(/^A cluster takes writes again/);
  });

  it("quote nothing of an error that has no reading", async () => {
    const { queue, worker } = await startRig({
      execute: () => Promise.reject(Object.assign(new Error("bad value 'secret'"), { name: "Odd" })),
    });
    queue.put(payload());
    await settle();
    expect(worker.figures().clusters.A.lastError?.text).toBe("Odd");
  });

  it("tell why a cluster stands still, its rate, and the table that remembers its deletes for the shortest time", async () => {
    const grace = { table: "shop.carts", gcGraceSeconds: 3600 };
    const { worker } = await startRig({
      traits: { retentionMs: 1000 },
      executor: { shortestGrace: async () => grace },
    });
    await settle();
    worker.pause("B", "a migration");
    worker.setRateLimit("B", 5);
    expect(worker.figures().clusters.B).toMatchObject({
      pausedBy: "a migration",
      perSecond: 5,
      shortestGrace: grace,
    });
  });
});
