import { LANES, type LaneDepth } from "@helix/core";
import { describe, expect, it } from "vitest";
import { failure, payload, payloads, type RigOptions, startRig } from "./rig.ts";

/** A rig that is read, with its lines about progress: those that are no constant sentence. */
async function startRead(options: RigOptions = {}) {
  const lines: string[] = [];
  const record = (_: object, sentence: string) => {
    if (/^([AB]:|[AB] is drained|(\d+ )?outages? of [AB])/.test(sentence)) lines.push(sentence);
  };
  const logger = { debug: record, info: record, warn: record, error: record };
  const rig = await startRig({ logger, clusterNames: { A: "A", B: "B" }, ...options });
  return { ...rig, lines };
}

const ofB = { targetCluster: "B" } as const;

describe("what a worker tells of its progress", () => {
  it("is nothing while there is nothing to do, for which the queue is not asked and no timer set", async () => {
    const { clock, queue, lines, timers } = await startRead();
    await clock.advance(3_600_000);
    // The watch over the lanes asks.
    expect([lines, queue.asked < 60, timers()]).toEqual([[], true, 0]);
  });

  it("sums up an outage with what was applied, lost to the dead letters and lagged behind, and then rests", async () => {
    let isAway = true;
    const { clock, queue, lines, timers } = await startRead({
      execute: async ({ id }) => {
        if (isAway) throw failure("unavailable");
        if (id.startsWith("bad")) throw failure("rejected");
      },
    });
    const now = { ...ofB, writtenAtMs: clock.wallMs() };
    queue.put(payload({ name: "bad", ...now }), ...payloads(1500, now));
    await clock.advance(39_000);
    isAway = false;
    await clock.advance(30_000);
    expect(queue.count("ack", "B")).toBe(1500);
    expect(lines).toEqual([
      expect.stringMatching(/^outage of B (39|4\d) s: 1,500 replayed, 1 dead, longest lag 4\d s$/),
    ]);
    expect(timers()).toBe(0);
  });

  it("tells clusters apart, though both are away, of which one comes back", async () => {
    const away = new Set(["A", "B"]);
    const { clock, queue, lines, worker } = await startRead({
      execute: async ({ targetCluster }) => {
        if (away.has(targetCluster)) throw failure("unavailable");
      },
    });
    queue.put(...payloads(20, { writtenAtMs: clock.wallMs() }), ...payloads(30, ofB));
    await clock.advance(20_000);
    away.delete("A");
    await clock.advance(50_000);
    expect(lines).toEqual([
      expect.stringMatching(/^outage of A 2\d s: 20 replayed, 0 dead, longest lag 2\d s$/),
      expect.stringMatching(/^B: suspended for 60 s, 0 applied, \d+ failed and tried again, \d\d left$/),
    ]);
    await worker.stop();
    expect(lines).toHaveLength(2);
  });

  it("is one line a minute for a table that is away, without a time, and more rarely where nothing is applied", async () => {
    const { clock, queue, lines } = await startRead({
      executor: { probe: async () => {} },
      execute: async ({ id }) => {
        if (id.startsWith("away")) throw failure("uncertain");
      },
    });
    const left = (pending: number): LaneDepth[] =>
      LANES.map((lane) => ({
        lane,
        pending: lane === "high.B" ? pending : 0,
        inFlight: 0,
        delayed: 0,
        stuck: 0,
      }));
    queue.onDepths = async () => left(50);
    queue.put(...Array.from({ length: 50 }, (_, n) => payload({ name: `away${n}`, table: "away", ...ofB })));
    for (let minute = 0; minute < 3; minute++) {
      queue.put(payload(ofB));
      await clock.advance(60_000);
    }
    await clock.advance(3_600_000 - 180_000);
    expect(lines.slice(0, 3)).toEqual(
      lines
        .slice(0, 3)
        .map(() => expect.stringMatching(/^B: 1 applied, \d+ failed and tried again, 50 left$/)),
    );
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.length).toBeLessThan(14);
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("no leader"))],
    ["never answers", () => new Promise<never>(() => {})],
    ["answers with nonsense", async () => [null] as never],
    ["answers with nothing", async () => undefined as never],
  ])("does not say what is left where the queue %s, and holds nothing up", async (_, depths) => {
    const { clock, queue, lines, timers } = await startRead();
    queue.onDepths = depths;
    queue.put(...payloads(300, ofB));
    await clock.advance(80_000);
    expect(lines).toEqual(["B: 300 applied, what is left is not known"]);
    queue.onDepths = undefined;
    await clock.advance(700_000);
    expect([lines[1], timers()]).toEqual(["B is drained: 300 replayed, 0 dead, longest lag 0 s", 0]);
  });

  it("is complete when the worker stops, and what is left goes to the one that starts next", async () => {
    let isAway = false;
    const { clock, queue, lines, worker, timers } = await startRead({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    queue.put(...payloads(100, ofB));
    await clock.advance(4000);
    isAway = true;
    queue.put(...payloads(7, ofB));
    await clock.advance(4000);
    await worker.stop();
    expect([lines, timers()]).toEqual([
      ["B: 100 replayed, 0 dead, longest lag 0 s until the worker stopped"],
      expect.any(Number),
    ]);
    isAway = false;
    await worker.start();
    await clock.advance(90_000);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^(B is drained|outage of B \d+ s): 7 replayed, 0 dead, longest lag \d+ s$/),
    ]);
  });
});
