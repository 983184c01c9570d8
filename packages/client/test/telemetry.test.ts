import { readFileSync } from "node:fs";
import { type ClientEvents, METRICS, type MetricLabels, type Metrics, type SessionEvents } from "@helix/core";
import { nothingMoreOpen, openHandles, reply, waitFor } from "@helix/testkit";
import { afterEach, beforeEach, expect, expectTypeOf, test } from "vitest";
import { type ConnectedReplayExecutor, HelixClient, type HelixClientOptions } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const PARAMS = ["secret", "secret"];

/** One that is added to the map is missing here until a test has seen it. */
const EMITTED: Record<keyof ClientEvents, true> = {
  "write:queued": true,
  "write:not-queued": true,
  "write:timestamp:ahead": true,
  "cluster:connected": true,
  "cluster:disconnected": true,
  "cluster:breaker:opened": true,
  "cluster:breaker:half-opened": true,
  "cluster:breaker:closed": true,
};

let before = openHandles();
beforeEach(() => {
  before = openHandles();
});
afterEach(() => nothingMoreOpen(before));

test("every event of the client is emitted, with nothing that was bound", async () => {
  const seen: { name: string; event: object }[] = [];
  await using clusters = await TwoClusters.start({ driver: { socketOptions: { readTimeout: 50 } } });
  const { client, servers, script, replayer } = clusters;
  const names = Object.keys(EMITTED) as (keyof typeof EMITTED)[];
  for (const name of names) client.on(name, (event) => seen.push({ name, event }));
  const count = (name: keyof typeof EMITTED) => seen.filter((one) => one.name === name).length;
  const until = (name: keyof typeof EMITTED, times = 1) =>
    waitFor(() => count(name) >= times, { timeoutMs: 5000, describe: `${name} is emitted` });

  await client.connect({ waitFor: "all" });
  const closed = count("cluster:breaker:closed");
  script.B = () => reply.silence;
  for (let n = 0; n < 5; n++) await client.execute(INSERT, PARAMS);
  await until("cluster:breaker:opened");
  replayer.refuse = () => new Error("The queue is away");
  await errorOf(client.execute(INSERT, PARAMS, { timestampMicros: BigInt(Date.now() + 60_000) * 1000n }));
  script.B = () => reply.void;
  await until("cluster:breaker:closed", closed + 1);
  await servers.B.setDown();
  await errorOf(client.execute(INSERT, PARAMS));
  await until("cluster:disconnected");

  expect(names.filter((name) => count(name) > 0)).toEqual(names);
  expect(seen.find(({ name }) => name === "write:not-queued")?.event).toMatchObject({
    payload: { cluster: "B", tables: ["ks.t"] },
    cause: new Error("The queue is away"),
  });
  const events = seen.map(({ event }) => ({ ...event, cause: undefined }));
  expect(JSON.stringify(events)).not.toContain("secret");
});

test("the table of the README has every event of the client, and no other", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `(\w+:[a-z:-]+)` \| (.+) \|.*\|$/gm)];
  expect(rows.map(([, name]) => name).sort()).toEqual(Object.keys(EMITTED).sort());
});

test("listening to what never comes does not compile, and is refused", () => {
  expectTypeOf<Parameters<HelixClient["on"]>[0]>().toEqualTypeOf<keyof ClientEvents>();
  expectTypeOf<Parameters<ConnectedReplayExecutor["on"]>[0]>().toEqualTypeOf<keyof SessionEvents>();
  expectTypeOf<keyof ClientEvents & `${"worker" | "replay" | "queue"}:${string}`>().toEqualTypeOf<never>();
  expectTypeOf<keyof SessionEvents & `write:${string}`>().toEqualTypeOf<never>();
  const client = new HelixClient({ clusters: { A: { contactPoints: ["a"], localDataCenter: "dc1" } } });
  // @ts-expect-error: of the worker
  expect(() => client.on("replay:applied", () => {})).toThrow(
    "Expected `event` to be one of cluster:connected",
  );
  // @ts-expect-error: of the driver, whose sessions are replaced
  expect(() => client.on("hostDown", () => {})).toThrow('got "hostDown"');
  client.on("log", () => {});
});

test("writes are counted by what came of them, payloads by whether a queue has them, and breakers shown", async () => {
  const counts: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const keyOf = (name: keyof typeof METRICS, labels: MetricLabels) => {
    expect(Object.keys(labels).sort(), name).toEqual([...METRICS[name].labels].sort());
    return [name, labels.cluster, labels.priority, labels.result].filter(Boolean).join(" ");
  };
  const metrics: Metrics = {
    increment: (name, labels, by = 1) => {
      counts[keyOf(name, labels)] = (counts[keyOf(name, labels)] ?? 0) + by;
    },
    gauge: (name, labels, value) => {
      gauges[keyOf(name, labels)] = value;
    },
    observe() {},
  };
  await using clusters = await TwoClusters.connected({ client: { metrics } });
  const { client, servers, script, replayer } = clusters;
  await client.execute(INSERT, PARAMS);
  expect(gauges).toMatchObject({ "helix_breaker_open A": 0, "helix_breaker_open B": 0 });
  script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
  await client.execute(INSERT, PARAMS);
  await client.execute(INSERT, PARAMS, { priority: "low" });
  replayer.refuse = () => new Error("The queue is away");
  await errorOf(client.execute(INSERT, PARAMS));
  expect(counts).toEqual({
    "helix_write_total A applied": 4,
    "helix_write_total B applied": 1,
    "helix_write_total B queued": 2,
    "helix_write_total B failed": 1,
    "helix_enqueued_total B high": 1,
    "helix_enqueued_total B low": 1,
    "helix_enqueue_failed_total B high error": 1,
  });
  await servers.B.setDown();
  await errorOf(client.execute(INSERT, PARAMS));
  expect(gauges).toMatchObject({ "helix_breaker_open A": 0, "helix_breaker_open B": 1 });
});

const fail = (): never => {
  throw new Error("broken");
};
/** All that a client tells anybody. */
const LISTENERS: Record<string, Partial<HelixClientOptions>> = {
  metrics: { metrics: { increment: fail, gauge: fail, observe: fail } },
  "a logger": { logger: { debug: fail, info: fail, warn: fail, error: fail } },
  "a trace API": { openTelemetry: { trace: { getSpanContext: fail }, context: { active: fail } } },
};

test.each(Object.keys(LISTENERS))("%s that throw change no outcome", async (what) => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", listener);
  try {
    await using clusters = await TwoClusters.start({ client: { ...LISTENERS[what] } });
    const { client, servers, queued } = clusters;
    client.on("cluster:connected", fail);
    client.on("write:queued", fail);
    await client.connect({ waitFor: "all" });
    await servers.B.setDown();
    await waitFor(() => client.clusterStates.B?.connected === false, {
      timeoutMs: 5000,
      describe: "the loss of B is noticed",
    });
    expect((await client.execute(INSERT, PARAMS)).writes).toEqual({ A: "applied", B: "queued" });
    expect(queued).toHaveLength(1);
    await servers.B.setUp();
    await waitFor(() => client.clusterStates.B?.connected === true, {
      timeoutMs: 5000,
      describe: "B is connected again",
    });
    expect((await client.execute(INSERT, PARAMS)).writes).toEqual({ A: "applied", B: "applied" });
  } finally {
    process.off("unhandledRejection", listener);
  }
  expect(unhandled).toEqual([]);
});

test("an onEnqueueFailed that throws or rejects makes no other outcome of a write, logger and metrics or not", async () => {
  for (const onEnqueueFailed of [
    fail,
    () => Promise.reject(new Error("broken")),
    () => new Promise(() => {}),
  ]) {
    await using clusters = await TwoClusters.connected({
      client: { ...LISTENERS.metrics, ...LISTENERS["a logger"], onEnqueueFailed },
    });
    const { client, script, replayer } = clusters;
    script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
    replayer.refuse = () => new Error("The queue is away");
    expect((await client.execute(INSERT, PARAMS)).writes).toEqual({ A: "applied", B: "not-queued" });
  }
});
