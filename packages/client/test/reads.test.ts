import { type ClusterId, LocalClusterGate } from "@helix/core";
import { reply, waitFor } from "@helix/testkit";
import { expect, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { FakeReplayer, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const SELECT = "SELECT v FROM ks.t";

const readOf = async ({ client }: TwoClusters) => (await client.execute(SELECT)).cluster;

/** B is as if it had gone, until it is back. */
async function away(clusters: TwoClusters, cluster: ClusterId, isAway: boolean): Promise<void> {
  await (isAway ? clusters.servers[cluster].setDown() : clusters.servers[cluster].setUp());
  await waitFor(() => clusters.client.clusterStates[cluster]?.connected === !isAway, {
    timeoutMs: 15_000,
    describe: () => `cluster ${cluster} is ${isAway ? "away" : "back"}`,
  });
}

test.each([
  ["sticky", "B"],
  ["primary", "A"],
] as const)("with %s, reads after an outage of A go to %s", async (readStrategy, after) => {
  await using clusters = await TwoClusters.connected({ client: { readStrategy } });
  expect(await readOf(clusters)).toBe("A");
  await away(clusters, "A", true);
  expect(await readOf(clusters)).toBe("B");
  await away(clusters, "A", false);
  expect(await readOf(clusters)).toBe(after);
});

test("with nearest, reads go to the cluster that answers sooner", async () => {
  await using clusters = await TwoClusters.connected({ client: { readStrategy: "nearest" } });
  clusters.script.A = () => reply.after(20, reply.void);
  const asked: ClusterId[] = [];
  for (let n = 0; n < 200; n++) asked.push(await readOf(clusters));
  expect(asked.slice(150).filter((cluster) => cluster === "B").length).toBeGreaterThan(35);
});

test("with readYourWrites, a cluster that has missed a write is read last, until it is replayed", async () => {
  let pending = 1;
  const replayer = Object.assign(new FakeReplayer(), {
    depths: async () => [{ lane: "high.A", pending, inFlight: 0, delayed: 0, stuck: 0 }],
  });
  await using clusters = await TwoClusters.connected({
    client: { replayer, readYourWrites: true, readStrategy: "primary" },
  });
  clusters.script.A = ({ query }) =>
    query === INSERT ? reply.error({ code: "unavailable", required: 2, alive: 1 }) : reply.void;
  expect(await readOf(clusters)).toBe("A");
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes.A).toBe("queued");
  expect(await readOf(clusters)).toBe("B");
  clusters.script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
  expect(await readOf(clusters)).toBe("A");
  clusters.script.B = () => reply.void;
  pending = 0;
  await waitFor(async () => (await readOf(clusters)) === "A", {
    timeoutMs: 5_000,
    describe: () => "A is read again",
  });
});

test("with readYourWrites, a cluster whose answer is awaited in the background is read last", async () => {
  await using clusters = await TwoClusters.connected({ client: { wait: "first", readYourWrites: true } });
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  clusters.script.A = async ({ query }) => {
    if (query === INSERT) await answered;
    return reply.void;
  };
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes.A).toBe("pending");
  expect(await readOf(clusters)).toBe("B");
  answer();
});

test("a cluster that the gate drains gets no writes, which are queued, and no reads", async () => {
  const gate = new LocalClusterGate();
  await using clusters = await TwoClusters.connected({ client: { gate, readStrategy: "primary" } });
  gate.set("A", "drained");
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes).toEqual({ A: "queued", B: "applied" });
  expect(await readOf(clusters)).toBe("B");
  expect(clusters.servers.A.requests).toEqual([]);
  gate.set("A", "paused");
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes).toEqual({ A: "applied", B: "applied" });
  expect(await readOf(clusters)).toBe("A");
});

test("with both clusters drained a write fails, says why and is queued nowhere, and reads go on", async () => {
  const gate = new LocalClusterGate();
  await using clusters = await TwoClusters.connected({ client: { gate } });
  for (const cluster of ["A", "B"] as const) gate.set(cluster, "drained");
  await expect(clusters.client.execute(INSERT, ["1", "a"])).rejects.toMatchObject({
    code: "HELIX_BOTH_CLUSTERS_FAILED",
    clusters: {
      A: { applied: "no", queued: "no", cause: { message: expect.stringContaining("it is drained") } },
      B: { applied: "no", queued: "no", cause: { message: expect.stringContaining("it is drained") } },
    },
  });
  expect(await readOf(clusters)).toBe("A");
});

test("a gate that throws drains nothing", async () => {
  const gate = new LocalClusterGate();
  gate.state = () => {
    throw new Error("gate");
  };
  await using clusters = await TwoClusters.connected({ client: { gate } });
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes).toEqual({ A: "applied", B: "applied" });
  expect(await readOf(clusters)).toBe("A");
});

test.each([
  [{ readStrategy: "fastest" }, "Expected `readStrategy`"],
  [{ readYourWrites: "yes" }, "Expected `readYourWrites` to be true, false, or an object with `forMs`"],
  [{ readYourWrites: { forMs: 0 } }, "Expected `forMs`"],
  [{ gate: {} }, "Expected `gate` to be a ClusterGate"],
])("the options %j are refused by the constructor", (options, message) => {
  const cluster = { contactPoints: ["127.0.0.1"], localDataCenter: "dc1" };
  const all = { clusters: { A: cluster, B: cluster }, ...options } as never;
  expect(() => new HelixClient(all)).toThrow(message);
});
