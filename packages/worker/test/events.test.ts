import { readFileSync } from "node:fs";
import { DEAD_LETTER_REASONS, helixError, type WorkerEvents } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { expect, expectTypeOf, it } from "vitest";
import { failure, hang, payload, payloads, startRig } from "./rig.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** One that is added to the map is missing here until a test has seen it. */
const EMITTED: Record<keyof WorkerEvents, true> = {
  "cluster:breaker:opened": true,
  "cluster:breaker:half-opened": true,
  "cluster:breaker:closed": true,
  "cluster:paused": true,
  "cluster:resumed": true,
  "worker:started": true,
  "worker:stopped": true,
  "replay:applied": true,
  "replay:attempt:failed": true,
  "replay:dropped": true,
  "replay:dead-letters:full": true,
  "replay:lease:lost": true,
  "replay:settle:failed": true,
  "worker:lane:reopened": true,
  "replay:tables:served": true,
};
const NAMES = Object.keys(EMITTED) as (keyof typeof EMITTED)[];

it("every event of the worker is emitted, with nothing that was bound", async () => {
  let isAway = true;
  let isUnserved = true;
  const { queue, clock, worker } = await startRig({
    concurrency: 1,
    traits: { leaseMs: 30_000 },
    execute: async ({ id }) => {
      if (id.startsWith("hang")) await hang();
      if (id.startsWith("late") && isUnserved) throw failure("uncertain");
      if (id.startsWith("away") && isAway) throw failure("unavailable");
      if (id.startsWith("bad") || id.startsWith("full")) throw failure("rejected");
    },
  });
  const seen: { name: string; event: object }[] = [];
  for (const name of NAMES) worker.on(name, (event) => seen.push({ name, event }));
  const operation = {
    kind: "statement",
    query: "INSERT INTO ks.t (id) VALUES (?)",
    params: ["secret"],
  } as const;
  const named = (name: string) => payload({ name, operation });
  queue.onSettle = ({ id, kind }) => {
    if (id.startsWith("lost")) return Promise.reject(new Error("The queue is away"));
    const full = () => helixError("HELIX_DEAD_LETTERS_FULL", "Full", { lane: "high.A", capacity: 1 });
    return id.startsWith("full") && kind === "deadLetter" ? Promise.reject(full()) : undefined;
  };

  queue.put(named("good"), named("bad"), named("full"), named("lost"), named("away"));
  await settle();
  isAway = false;
  await clock.advance(1000);
  worker.pause("A", "a test");
  worker.resume("A");
  queue.put(named("hang"), ...payloads(1, { operation }));
  await settle();
  await clock.block(31_000);
  await clock.advance(1000);
  await worker.stop({ graceMs: 0 });
  await worker.start();
  queue.stalled.add("low.B");
  queue.put(payload({ targetCluster: "B", priority: "low", operation }));
  await clock.advance(120_000);
  queue.put(payload({ name: "late", operation }));
  await clock.advance(15_000);
  isUnserved = false;
  await clock.advance(60_000);

  const emitted = NAMES.filter((name) => seen.some((one) => one.name === name));
  expect(emitted).toEqual(NAMES);
  expect(JSON.stringify(seen)).not.toContain("secret");
});

it("the table of the README has every reason of a dead letter, and no other", () => {
  const [, after = ""] = README.split("| reason of a dead letter |");
  const [table = ""] = after.split("\n\n");
  expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason)).toEqual(
    DEAD_LETTER_REASONS,
  );
});

it("the table of the README has every event of the worker, and no other", () => {
  const rows = [...README.matchAll(/^\| `(\w+:[a-z:-]+)` \| (.+) \|.*\|$/gm)];
  expect(rows.map(([, name]) => name).sort()).toEqual(NAMES.sort());
});

it("listening to what never comes does not compile, and is refused", async () => {
  const { worker } = await startRig();
  expectTypeOf<Parameters<typeof worker.on>[0]>().toEqualTypeOf<keyof WorkerEvents>();
  expectTypeOf<keyof WorkerEvents & `${"write" | "queue"}:${string}`>().toEqualTypeOf<never>();
  // @ts-expect-error: of the client
  expect(() => worker.on("cluster:connected", () => {})).toThrow('got "cluster:connected"');
  // @ts-expect-error: a breaker of the worker has no keyspace
  worker.on("cluster:breaker:opened", ({ keyspace }) => keyspace);
});
