import {
  type Clock,
  createPayload,
  isHelixError,
  outcomeOf,
  type PayloadInput,
  type ReplayPayload,
  systemClock,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type ColumnType, reply, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { describe, expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const signal = new AbortController().signal;
const DAY_MS = 86_400_000;

function payload(
  query: string,
  params: readonly unknown[] = [],
  more: Partial<PayloadInput> = {},
): ReplayPayload {
  const operation = { kind: "statement", query, params } as const;
  return createPayload({ targetCluster: "B", operation, timestampMicros: 1_234_567n, ...more });
}

/** The machine's clocks, of which a test may let time pass by the one that measures durations. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  wallMs = systemClock.wallMs;
  monotonicMs = () => systemClock.monotonicMs() + this.shiftMs;
  setTimer = systemClock.setTimer;
}

async function start(types: readonly ColumnType[] = Array(9).fill("text"), readTimeout = 10_000) {
  const clock = new ShiftedClock();
  const clusters = await TwoClusters.connected({
    client: { clock },
    driver: { socketOptions: { readTimeout } },
    server: { types: (query) => types.slice(0, query.split("?").length - 1) },
  });
  const { B } = clusters.servers;
  const executor = clusters.client.replayExecutor();
  return {
    B,
    clock,
    clusters,
    executor,
    send: (one: ReplayPayload) => executor.execute(one, { signal }),
    read: async (one: ReplayPayload) => executor.read?.(await errorOf(executor.execute(one, { signal }))),
    looks: () => B.systemRequests.filter((text) => text.includes("schema_version, host_id")).length,
    [Symbol.asyncDispose]: () => clusters[Symbol.asyncDispose](),
  };
}

const insert = (more?: Partial<PayloadInput>) =>
  payload("INSERT INTO ks.t (id, v) VALUES (?, ?)", ["1", "a"], more);

test("a thousand replays within two seconds look at the cluster once, and the next one after that once more", async () => {
  await using replay = await start();
  await Promise.all(Array.from({ length: 1_000 }, () => replay.send(insert())));
  expect(replay.B.requests).toHaveLength(1_000);
  const before = replay.looks();
  expect(before).toBeLessThanOrEqual(3);
  replay.clock.shiftMs += 2_000;
  await Promise.all(Array.from({ length: 100 }, () => replay.send(insert())));
  expect(replay.looks()).toBe(before + 1);
});

test("the TTL that is sent is less by the age, in the text that the application prepared", async () => {
  await using replay = await start(["text", "text", "int"]);
  const query = "INSERT INTO ks.t (id, v) VALUES (?, ?) USING TTL ?";
  const writtenAtMs = replay.clock.wallMs() - 10_000;
  await replay.send(payload(query, ["1", "a", 3_600], { writtenAtMs }));
  const [sent] = replay.B.requests;
  expect(sent).toMatchObject({ kind: "execute", query, timestamp: 1_234_567n });
  const seconds = sent?.values[2]?.readInt32BE(0) ?? 0;
  expect(seconds).toBeLessThanOrEqual(3_590);
  expect(seconds).toBeGreaterThan(3_560);
});

describe("is not sent", () => {
  test("what is refused; somebody who says so sends it, once", async () => {
    await using replay = await start([{ list: "text" }, "text"]);
    replay.B.schema.set("ks.lists", { columns: { id: "text", l: "list<text>" } });
    const append = (more?: Partial<PayloadInput>) =>
      payload("UPDATE ks.lists SET l = l + ? WHERE id = ?", [["a"], "1"], more);
    expect(await replay.read(append())).toMatchObject({
      retry: "never",
      scope: "statement",
      answered: false,
    });
    expect(replay.B.requests).toEqual([]);
    replay.clusters.script.B = () =>
      reply.error({ code: "writeTimeout", writeType: "BATCH_LOG", received: 0, blockFor: 1 });
    for (const disposition of ["unsafe", "force"] as const) {
      await replay.read(append({ disposition }));
      expect(replay.B.requests.splice(0)).toHaveLength(1);
    }
    // The driver's own policy repeats that.
    await replay.read(payload("DELETE FROM ks.t WHERE id = '1'"));
    expect(replay.B.requests).toHaveLength(2);
  });

  test("a write that is older than its table remembers deletes; one that only deletes is", async () => {
    await using replay = await start();
    const writtenAtMs = replay.clock.wallMs() - 10 * DAY_MS;
    expect(await replay.read(insert({ writtenAtMs }))).toMatchObject({ retry: "never", reason: "too-old" });
    replay.B.schema.set("ks.t", { columns: { id: "text", v: "text" }, gcGraceSeconds: 20 * 86_400 });
    replay.clock.shiftMs += 2_000;
    await replay.send(insert({ writtenAtMs }));
    await replay.send(
      payload("DELETE FROM ks.users WHERE id = ?", ["1"], { writtenAtMs: writtenAtMs - 365 * DAY_MS }),
    );
    expect(replay.B.requests).toHaveLength(2);
  });

  test("a write whose table was truncated since, as soon as the next look", async () => {
    await using replay = await start();
    const before = insert({ writtenAtMs: replay.clock.wallMs() - 1_000 });
    await replay.send(before);
    replay.B.schema.truncate("ks.t");
    replay.clock.shiftMs += 2_000;
    expect(await replay.read(before)).toMatchObject({ retry: "never", reason: "table-gone" });
    await replay.send({ ...before, disposition: "force" });
    await replay.send(insert({ writtenAtMs: replay.clock.wallMs() }));
    expect(replay.B.requests).toHaveLength(3);
  });

  test("a write whose table was made again since", async () => {
    await using replay = await start();
    const writtenAtMs = replay.clock.wallMs() - DAY_MS;
    const knew = { tableIds: { "ks.t": replay.B.schema.idOf("ks.t") } };
    await replay.send(insert({ writtenAtMs, schema: knew }));
    replay.B.schema.set("ks.t", {
      columns: { id: "text", v: "text" },
      createdAtMs: writtenAtMs + DAY_MS / 2,
    });
    replay.clock.shiftMs += 2_000;
    for (const schema of [knew, undefined]) {
      expect(await replay.read(insert({ writtenAtMs, schema }))).toMatchObject({ reason: "table-gone" });
    }
    await replay.send(insert({ writtenAtMs, schema: { tableIds: { "ks.t": null } } }));
    expect(replay.B.requests).toHaveLength(2);
  });

  test("a write to a table that the cluster lacks, until it has it", async () => {
    await using replay = await start();
    const late = payload("INSERT INTO ks.late (id) VALUES (?)", ["1"]);
    const reading = await replay.read(late);
    expect(reading).toMatchObject({ applied: "no", retry: "later", scope: "statement", answered: true });
    expect(reading && outcomeOf(reading)).toBe("uncertain");
    replay.B.schema.set("ks.late", { columns: { id: "text" } });
    replay.clock.shiftMs += 2_000;
    await replay.send(late);
    expect(replay.B.requests).toHaveLength(1);
  });

  test("any write while the cluster does not tell its schema: it is away, and nothing is guessed", async () => {
    await using replay = await start(undefined, 300);
    await replay.send(insert());
    replay.clock.shiftMs += 2_000;
    replay.B.pause();
    expect(await replay.read(insert())).toMatchObject({ applied: "no", retry: "later", scope: "cluster" });
    replay.B.resume();
    expect(replay.B.requests).toHaveLength(1);
  });
});

test.each([
  ["behind", -60_000],
  ["ahead", 60_000],
])(
  "a cluster whose clock is %s is understood when it says when a table was truncated",
  async (_, offsetMs) => {
    await using replay = await start();
    replay.B.schema.clockOffsetMs = offsetMs;
    const before = insert({ writtenAtMs: replay.clock.wallMs() - 5_000 });
    replay.B.schema.truncate("ks.t");
    expect(await replay.read(before)).toMatchObject({ reason: "table-gone" });
  },
);

test("the signal ends the waiting for the schema with its reason", async () => {
  await using replay = await start();
  replay.B.pause();
  const controller = new AbortController();
  const executing = replay.executor.execute(insert(), { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(executing).rejects.toThrow("enough");
  replay.B.resume();
});

test("for how long replays of a cluster are safe is the least of its tables", async () => {
  await using replay = await start();
  replay.B.schema.set("shop.brief", { columns: { id: "text" }, gcGraceSeconds: 60 });
  replay.B.schema.set("system_auth.roles", { columns: { role: "text" }, gcGraceSeconds: 0 });
  expect(await replay.executor.shortestGrace?.("B", { signal })).toEqual({
    table: "shop.brief",
    gcGraceSeconds: 60,
  });
  await replay.clusters.client.close();
  const error = await errorOf(Promise.resolve(replay.executor.shortestGrace?.("B", { signal })));
  expect(isHelixError(error, "HELIX_CLIENT_CLOSED")).toBe(true);
});

test("a worker keeps each of them as a dead letter with its reason, and a forced redrive is sent", async () => {
  await using replay = await start();
  const queue = new MemoryReplayer();
  await using worker = new ReplayWorker({ queue, executor: replay.executor });
  await worker.start();
  const nowMs = replay.clock.wallMs();
  replay.B.schema.truncate("ks.users", nowMs);
  await queue.enqueue(insert({ id: "old", writtenAtMs: nowMs - 11 * DAY_MS }));
  const emptied = payload("INSERT INTO ks.users (id) VALUES (?)", ["1"], {
    id: "emptied",
    writtenAtMs: nowMs - 1_000,
  });
  await queue.enqueue(emptied);
  await queue.enqueue(payload("UPDATE ks.t SET v = 'a' WHERE id = '1' IF EXISTS", [], { id: "refused" }));
  await waitFor(() => queue.counts().B.deadLettered === 3, { timeoutMs: 5_000, describe: "dead letters" });
  const letters = await queue.deadLetters.list();
  expect(Object.fromEntries(letters.map(({ id, reason }) => [id, reason]))).toEqual({
    ...{ "old.0": "too-old", "emptied.0": "table-gone", "refused.0": "rejected" },
  });
  expect(replay.B.requests).toEqual([]);
  expect(isHelixError(await errorOf(queue.deadLetters.redrive("old.0")), "HELIX_REDRIVE_NEEDS_FORCE")).toBe(
    true,
  );
  await queue.deadLetters.redrive("old.0", { force: true });
  await queue.deadLetters.redrive("emptied.0", { force: true });
  await waitFor(() => replay.B.requests.length === 2, { timeoutMs: 5_000, describe: "both are sent" });
});
