import { createLinks } from "@helix/client/internal";
import { EventHub, type SessionEvents, silentLogger, silentMetrics } from "@helix/core";
import { beforeEach, expect, it } from "vitest";
import { ModelCluster } from "../src/cluster/model-cluster.ts";
import { modelConfig } from "../src/cluster/model-session.ts";
import { TABLES } from "../src/cluster/statements.ts";
import { Random } from "../src/scenario/random.ts";
import { SimProcess } from "../src/world/sim-process.ts";
import { Tape } from "../src/world/tape.ts";
import { VirtualTime } from "../src/world/virtual-time.ts";

let time: VirtualTime;
let cluster: ModelCluster;
let link: ReturnType<ReturnType<typeof createLinks>["get"]>;

beforeEach(async () => {
  time = new VirtualTime();
  cluster = new ModelCluster("A", time, new Random("schema"), new Tape(time, { keepLines: false }));
  const process = new SimProcess("app", time, { skewMs: -500, onDeath: () => {} });
  const options = {
    clusters: new Map([["A" as const, modelConfig(cluster, process, true)]]),
    clusterNames: {},
    requestTimeoutMs: 15_000,
    maxClockOffsetMs: 1_000,
    clock: process.clock,
    random: () => 0.5,
    logger: silentLogger,
    metrics: silentMetrics,
  };
  const links = createLinks(options, new EventHub<SessionEvents>());
  links.start();
  link = links.get("A");
  await time.runUntil(() => link.isConnected, 10_000);
});

it("tells the tables that both clusters have, and the time", async () => {
  await time.until(link.schema.load(["ks", "other"]), 1_000);
  const { tables } = link.schema.known("ks") ?? expect.unreachable();
  expect([...tables.keys()].map((name) => `ks.${name}`)).toEqual([...TABLES]);
  expect(tables.get("t0")?.columns.get("id")).toMatchObject({ kind: "partition" });
  expect(link.schema.known("other")?.tables.size).toBe(0);
  expect(link.schema.clockOffsetMs).toBeGreaterThan(490);
});

it("tells nothing while it is silent or down, and again afterwards", async () => {
  for (const kind of ["silent", "down"] as const) {
    await time.runUntil(() => link.isConnected, 10_000);
    const end = cluster.begin({ kind, sinceMs: time.nowMs });
    await expect(time.until(link.schema.load(["ks"], { maxAgeMs: 0 }), 20_000)).rejects.toThrow();
    end();
  }
  await time.runUntil(() => link.isConnected, 10_000);
  await time.until(link.schema.load(["ks"]), 5_000);
  expect(link.schema.known("ks")?.tables.size).toBe(TABLES.length);
});

it("tells of no table that is missing, and of it again when it is there", async () => {
  const tables = async () => {
    await time.until(link.schema.load(["ks"], { maxAgeMs: 0 }), 5_000);
    return [...(link.schema.known("ks")?.tables.keys() ?? [])];
  };
  expect(await tables()).toEqual(["t0", "t1", "t2"]);
  const end = cluster.begin({ kind: "table-away", table: "ks.t1", how: "missing", sinceMs: time.nowMs });
  expect(await tables()).toEqual(["t0", "t2"]);
  end();
  expect(await tables()).toEqual(["t0", "t1", "t2"]);
});
