import type { WorkerEvents } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it, onTestFinished } from "vitest";
import { ReplayWorker } from "../src/index.ts";
import { failure, payload, reading } from "./rig.ts";

/** The table `ks.gone` cannot be written to until `served` is called; the others can. */
async function start() {
  let isServed = false;
  const clock = new ManualClock();
  const queue = new MemoryReplayer({ clock });
  const applied: { id: string; atMs: number }[] = [];
  const events: WorkerEvents["replay:tables:served"][] = [];
  const worker = new ReplayWorker({
    queue,
    clock,
    random: () => 0.999,
    executor: {
      ...reading({ answered: true }),
      async execute({ id, tables }) {
        if (tables.includes("ks.gone") && !isServed) throw failure("uncertain");
        applied.push({ id, atMs: clock.monotonicMs() });
      },
    },
  });
  worker.on("replay:tables:served", (event) => events.push(event));
  onTestFinished(() => worker.stop({ graceMs: 0 }));
  await worker.start();
  const put = (name: string, table: string, count = 1) =>
    Promise.all(
      Array.from({ length: count }, (_, n) => queue.enqueue(payload({ name: `${name}${n}`, table }))),
    );
  const served = () => {
    isServed = true;
  };
  return { clock, queue, applied, events, put, served };
}

it("what waits for a table is due at once when one is applied there after it was not for an hour", async () => {
  const { clock, queue, applied, events, put, served } = await start();
  await put("waits", "gone", 20);
  await clock.advance(3_600_000);
  served();
  const servedAtMs = clock.monotonicMs();
  await put("new", "gone");
  await clock.advance(2000);
  expect(applied).toHaveLength(21);
  expect(Math.max(...applied.map(({ atMs }) => atMs)) - servedAtMs).toBeLessThanOrEqual(2000);
  expect(events).toMatchObject([{ cluster: "A", tables: ["ks.gone"], hastened: 20 }]);
  expect(events[0]?.unservedMs).toBeGreaterThanOrEqual(3_600_000);
  expect((await queue.depths()).every(({ delayed }) => delayed === 0)).toBe(true);
});

it("what waits for another table waits on", async () => {
  const { clock, queue, events, put } = await start();
  await put("waits", "gone", 5);
  await clock.advance(3_600_000);
  await put("new", "there");
  await clock.advance(100);
  expect(events).toEqual([]);
  expect((await queue.depths()).reduce((sum, { delayed }) => sum + delayed, 0)).toBe(5);
});
