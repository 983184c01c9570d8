import {
  type ClusterId,
  type ClusterIdentities,
  type ClusterIdentity,
  createPayload,
  helixError,
  type KnownClusters,
} from "@helix/core";
import { claimed } from "@helix/core/queue-kit";
import { waitFor } from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectReplayExecutor, HelixClient } from "../src/index.ts";
import { driverOptions, errorOf, FakeReplayer, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const signal = new AbortController().signal;

/** The record of a queue, in memory. */
class FakeRecord implements ClusterIdentities {
  known: KnownClusters = {};
  away = false;
  readonly claims: string[] = [];
  /** Nobody is answered before. */
  answers: Promise<unknown> = Promise.resolve();
  /** With it nothing is recorded, as by who only enqueues. */
  isReadOnly = false;

  async claim(cluster: ClusterId, found: ClusterIdentity): Promise<"same" | "unknown"> {
    this.claims.push(cluster);
    await this.answers;
    if (this.away) throw helixError("HELIX_QUEUE_CLOSED", "the record is away", {});
    const next = claimed(this.known, cluster, found);
    if (this.isReadOnly && this.known[cluster] === undefined) return "unknown";
    this.known = next;
    return "same";
  }
}

class RecordingReplayer extends FakeReplayer {
  readonly identities = new FakeRecord();
}

let clusters: TwoClusters;
let replayer: RecordingReplayer;
let closing: { close(): Promise<unknown> }[];

beforeEach(async () => {
  clusters = await TwoClusters.start();
  replayer = new RecordingReplayer();
  closing = [];
});
afterEach(async () => {
  for (const one of closing) await one.close();
  await clusters[Symbol.asyncDispose]();
});

function clientOf(A: ClusterId, B: ClusterId): HelixClient {
  const { servers } = clusters;
  const client = new HelixClient({
    clusters: { A: driverOptions(servers[A]), B: driverOptions(servers[B]) },
    replayer,
    readCluster: "A",
  });
  closing.push(client);
  return client;
}

async function executorOf(A: ClusterId, B: ClusterId, waitFor?: "all") {
  const { servers } = clusters;
  const executor = await connectReplayExecutor({
    waitFor,
    clusters: { A: driverOptions(servers[A]), B: driverOptions(servers[B]) },
  });
  closing.push(executor);
  return executor;
}

/** By a client that is configured right. */
async function recorded(): Promise<void> {
  await clientOf("A", "B").connect({ waitFor: "all" });
}

const payload = (targetCluster: ClusterId) =>
  createPayload({
    targetCluster,
    operation: { kind: "statement", query: INSERT, params: ["1", "a"] },
    timestampMicros: 1_234_567n,
  });

const writes = (cluster: ClusterId) => clusters.servers[cluster].requests.length;

describe("with A and B exchanged", () => {
  test("a client is told at the start, writes nothing and queues nothing", async () => {
    await recorded();
    const client = clientOf("B", "A");
    expect(await errorOf(client.connect())).toMatchObject({
      code: "HELIX_NO_CLUSTER_AVAILABLE",
      message: expect.stringContaining("It is the one that is recorded for A: A and B are exchanged"),
    });
    expect(await errorOf(client.execute(INSERT, ["1", "a"]))).toMatchObject({
      code: "HELIX_BOTH_CLUSTERS_FAILED",
    });
    expect([writes("A"), writes("B"), replayer.payloads]).toEqual([0, 0, []]);
  });

  test("an executor executes nothing, at no cost for the messages, once the queue's record is known", async () => {
    await recorded();
    const executor = await executorOf("B", "A");
    executor.compareWith?.(replayer.identities);
    for (const cluster of ["A", "B"] as const) {
      const error = await errorOf(executor.execute(payload(cluster), { signal }));
      expect(executor.read?.(error)).toMatchObject({ applied: "no", retry: "later", scope: "cluster" });
    }
    expect([writes("A"), writes("B")]).toEqual([0, 0]);
  });

  test("an executor says with each message why there is no session", async () => {
    await recorded();
    const executor = await executorOf("B", "A");
    executor.compareWith?.(replayer.identities);
    let message = "";
    await waitFor(
      async () => {
        message = ((await errorOf(executor.execute(payload("B"), { signal }))) as Error).message;
        return message.startsWith("Cluster B is not available: This is not cluster B: ");
      },
      { timeoutMs: 4_000, describe: () => `the reason is told; it was ${message}` },
    );
  });

  test("what was written before anybody could say so is not queued for the wrong one: its caller is told", async () => {
    await recorded();
    replayer.identities.away = true;
    const client = clientOf("B", "A");
    await client.connect({ waitFor: "all" });
    replayer.identities.away = false;
    clusters.script.A = () => {
      throw new Error("A fails");
    };
    const error = await errorOf(client.execute(INSERT, ["1", "a"]));
    expect(error).toMatchObject({
      code: "HELIX_REPLAY_NOT_QUEUED",
      clusters: { A: { applied: "yes" }, B: { queued: "no" } },
      cause: { code: "HELIX_CLUSTER_MISTAKEN" },
    });
    expect(replayer.payloads).toEqual([]);
    await waitFor(() => client.clusterStates.B?.connected === false, {
      timeoutMs: 5_000,
      describe: "the session to the wrong cluster is given up",
    });
  });
});

describe("a cluster", () => {
  test("is not both A and B, though nobody has a record", async () => {
    const { servers } = clusters;
    const client = new HelixClient({
      clusters: { A: driverOptions(servers.A), B: driverOptions(servers.A) },
    });
    closing.push(client);
    expect(
      await errorOf(client.connect({ waitFor: "all", signal: AbortSignal.timeout(1_000) })),
    ).toBeDefined();
    const connected = Object.values(client.clusterStates).filter((state) => state?.connected);
    expect(connected).toHaveLength(1);
  });

  test("that is away at the start is compared when it comes; the other goes on", async () => {
    await recorded();
    await clusters.servers.B.setDown();
    const client = clientOf("A", "B");
    await client.connect();
    await client.execute(INSERT, ["1", "a"]);
    expect(replayer.payloads).toMatchObject([{ targetCluster: "B" }]);
    clusters.servers.B.identity = "another environment";
    await clusters.servers.B.setUp();
    // Its connection may be gone again at once.
    const { claims } = replayer.identities;
    await waitFor(() => claims.lastIndexOf("B") > 1, { timeoutMs: 20_000, describe: "B is compared" });
    await client.execute(INSERT, ["2", "b"]).catch(() => {});
    expect([client.clusterStates.B?.connected, writes("B")]).toEqual([false, 0]);
  }, 30_000);

  test("one of whose addresses has come to be a node of the other one gets nothing more", async () => {
    const client = clientOf("A", "B");
    await client.connect({ waitFor: "all" });
    const executor = client.replayExecutor();
    await executor.execute(payload("B"), { signal });
    clusters.servers.B.identity = clusters.servers.A.identity;
    await waitFor(
      () =>
        executor.execute(payload("B"), { signal }).then(
          () => false,
          () => true,
        ),
      { timeoutMs: 10_000, describe: "B is found out" },
    );
    await waitFor(() => client.clusterStates.B?.connected === false, {
      timeoutMs: 5_000,
      describe: "its session ends",
    });
  }, 20_000);

  test("to which the name leads from now on is another: nothing more is sent to it, and it is the right one again later", async () => {
    const client = clientOf("A", "B");
    await client.connect({ waitFor: "all" });
    const executor = client.replayExecutor();
    await executor.execute(payload("B"), { signal });
    await clusters.servers.B.setDown();
    clusters.servers.B.identity = "another environment";
    await clusters.servers.B.setUp();
    await waitFor(() => replayer.identities.claims.length > 2, {
      timeoutMs: 5_000,
      describe: "B is compared",
    });
    expect(await errorOf(executor.execute(payload("B"), { signal }))).toMatchObject({
      code: "HELIX_CLUSTER_UNAVAILABLE",
    });
    expect(writes("B")).toBe(1);
    await clusters.servers.B.setDown();
    clusters.servers.B.identity = String(clusters.servers.B.port);
    await clusters.servers.B.setUp();
    await waitFor(() => client.clusterStates.B?.connected, {
      timeoutMs: 20_000,
      describe: "B is there again",
    });
    await executor.execute(payload("B"), { signal });
    expect(writes("B")).toBe(2);
  }, 30_000);
});

describe("while the record is being asked", () => {
  test("what is to be executed waits for the answer, and no longer than it may", async () => {
    const { identities } = replayer;
    const executor = await executorOf("A", "B", "all");
    let answer = () => {};
    identities.answers = new Promise<void>((resolve) => {
      answer = resolve;
    });
    executor.compareWith?.(identities);
    const waiting = executor.execute(payload("B"), { signal });
    const cut = new AbortController();
    const given = errorOf(executor.execute(payload("B"), { signal: cut.signal }));
    cut.abort(new Error("too long"));
    expect(await given).toMatchObject({ message: "too long" });
    expect(writes("B")).toBe(0);
    answer();
    await waiting;
    expect(writes("B")).toBe(1);
  });
});

describe("while the record cannot be asked", () => {
  test("clients write, and executors wait until it can", async () => {
    replayer.identities.away = true;
    const client = clientOf("A", "B");
    await client.connect({ waitFor: "all" });
    await client.execute(INSERT, ["1", "a"]);
    expect([writes("A"), writes("B")]).toEqual([1, 1]);
    const executor = client.replayExecutor();
    expect(await errorOf(executor.execute(payload("B"), { signal }))).toMatchObject({
      code: "HELIX_CLUSTER_UNAVAILABLE",
      message: expect.stringContaining("the record is away"),
    });
    replayer.identities.away = false;
    await waitFor(
      () =>
        executor.execute(payload("B"), { signal }).then(
          () => true,
          () => false,
        ),
      {
        timeoutMs: 10_000,
        describe: "the executor executes",
      },
    );
    expect(writes("B")).toBe(2);
  });

  test("or says nothing, clients queue what is missed", async () => {
    replayer.identities.isReadOnly = true;
    const client = clientOf("A", "B");
    await client.connect({ waitFor: "all" });
    clusters.script.B = () => {
      throw new Error("B fails");
    };
    await client.execute(INSERT, ["1", "a"]);
    expect(replayer.payloads).toMatchObject([{ targetCluster: "B" }]);
  });
});
