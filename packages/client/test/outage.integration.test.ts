import { createPayload, isHelixError, type Operation } from "@helix/core";
import {
  type CassandraPair,
  type FaultMode,
  type FaultProxy,
  nothingMoreOpen,
  onBoth,
  openHandles,
  startCassandraPair,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { types } from "cassandra-driver";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HelixClient } from "../src/index.ts";
import { type Addresses, Path } from "./path.ts";

const KEYSPACE = "client_outage";
/** Nodes are killed here, so the pair is this file's own. */
let pair: CassandraPair;

beforeAll(async () => {
  pair = await startCassandraPair({ killable: true });
});
afterAll(() => pair?.close());
beforeEach(() => Path.prepare(pair, KEYSPACE));

/** Resolves when the client has given a cluster up. */
function breakerOpened(client: HelixClient, cluster: "A" | "B"): Promise<void> {
  return new Promise((resolve) => {
    const off = client.on("cluster:breaker:opened", (event) => {
      if (event.cluster !== cluster) return;
      off();
      resolve();
    });
  });
}

async function proxies(): Promise<{ A: FaultProxy; B: FaultProxy; through: Addresses } & AsyncDisposable> {
  const [A, B] = await Promise.all([
    startFaultProxy({ target: pair.A }),
    startFaultProxy({ target: pair.B }),
  ]);
  const address = (proxy: FaultProxy, of: "A" | "B") => ({
    contactPoint: proxy.contactPoint,
    localDataCenter: pair[of].localDataCenter,
  });
  return {
    A,
    B,
    through: { A: address(A, "A"), B: address(B, "B") },
    [Symbol.asyncDispose]: async () => void (await Promise.all([A.close(), B.close()])),
  };
}

/** What is open once nothing has changed for so many looks: longer than any timer of a request that is over. */
async function steadyHandles(): Promise<ReturnType<typeof openHandles>> {
  let last = openHandles();
  let looks = 0;
  const steady = () => {
    const now = openHandles();
    looks = now.sockets === last.sockets && now.timers === last.timers ? looks + 1 : 0;
    last = now;
    return looks >= 60;
  };
  await waitFor(steady, { timeoutMs: 10_000, describe: "the number of open handles is steady" });
  return last;
}

/** The whole story: healthy, away, back; nobody is told of an error, and every cell is equal. */
async function expectUnnoticed(
  path: Path,
  away: () => Promise<unknown>,
  back: () => Promise<unknown>,
): Promise<void> {
  await path.start();
  await path.writeMany(300);
  expect(path.queued).toBe(0);
  await away();
  await path.writeMany(600);
  expect(path.queued).toBeGreaterThan(300);
  await back();
  await path.writeMany(300);
  await path.drained();
  expect(path.errors).toEqual([]);
  expect(path.accepted).toBe(1200);
  await path.expectConverged();
  path.expectAccounted();
}

describe("callers notice nothing, and every cell is equal afterwards, when cluster B", () => {
  test("is killed with kill -9", async () => {
    await using path = new Path({ pair, keyspace: KEYSPACE });
    await expectUnnoticed(
      path,
      () => pair.B.kill(),
      () => pair.B.start(),
    );
  });

  test("is frozen with SIGSTOP", async () => {
    await using path = new Path({ pair, keyspace: KEYSPACE });
    await expectUnnoticed(
      path,
      () => pair.B.pause(),
      () => pair.B.resume(),
    );
  });

  test.each<FaultMode & string>(["refuse", "blackhole", "half-open"])(
    "is behind a network in mode %s",
    async (mode) => {
      await using network = await proxies();
      await using path = new Path({ pair, through: network.through, keyspace: KEYSPACE });
      await expectUnnoticed(
        path,
        async () => network.B.set(mode),
        async () => network.B.set("pass"),
      );
    },
  );

  test("is down when the application starts", async () => {
    await using network = await proxies();
    await network.B.set("refuse");
    await using path = new Path({ pair, through: network.through, keyspace: KEYSPACE });
    await path.start("any");
    await path.writeMany(200);
    expect(path.queued).toBe(200);
    await network.B.set("pass");
    await path.drained();
    expect(path.errors).toEqual([]);
    await path.expectConverged();
    path.expectAccounted();
  });
});

test("with both clusters down the caller is told so, and nothing is queued", async () => {
  await using network = await proxies();
  await using path = new Path({ pair, through: network.through, keyspace: KEYSPACE });
  await path.start();
  await path.write();
  const noticed = Promise.all([breakerOpened(path.client, "A"), breakerOpened(path.client, "B")]);
  await Promise.all([network.A.set("refuse"), network.B.set("refuse")]);
  await path.writeMany(20);
  await noticed;
  // What was in flight when the connections were cut may have been applied, and waits for its replay.
  const inDoubt = path.replayer.length;
  const error: unknown = await path.write().catch((reason: unknown) => reason);
  if (!isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")) throw error;
  for (const report of Object.values(error.clusters)) {
    expect(report).toMatchObject({ applied: "no", queued: "no" });
    expect(report.cause).toBeDefined();
  }
  expect(error.timestampMicros).toBeTypeOf("bigint");
  expect(path.replayer.length).toBe(inDoubt);
});

test("when both time out and one applied it, it is queued for both and reaches both", async () => {
  await using network = await proxies();
  const driver = { socketOptions: { readTimeout: 700 } };
  await using path = new Path({ pair, through: network.through, keyspace: KEYSPACE, driver });
  await path.start();
  await path.write();
  // A applies what it is sent and its answer is lost; B never hears of it.
  await network.A.set("half-open");
  await network.B.set("blackhole");
  const query = `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (?, ?)`;
  const error: unknown = await path.client
    .execute(query, [777, "pending"])
    .catch((reason: unknown) => reason);
  if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) throw error;
  expect(error.clusters).toMatchObject({
    A: { applied: "maybe", queued: "yes" },
    B: { applied: "maybe", queued: "yes" },
  });
  const { enqueued } = path.replayer.counts().A;
  expect(enqueued).toBe(1);
  path.record(777, "pending", error.timestampMicros);
  await Promise.all([network.A.set("pass"), network.B.set("pass")]);
  await path.drained();
  await path.expectConverged();
  path.expectAccounted();
});

test("three total outages in a row leave no socket and no timer behind", async () => {
  await using path = new Path({ pair, keyspace: KEYSPACE });
  const before = openHandles();
  await path.start();
  await path.writeMany(50);
  const healthy = await steadyHandles();
  const settled = () => {
    const now = openHandles();
    return now.sockets === healthy.sockets && now.timers <= healthy.timers;
  };
  const describeHandles = () =>
    `as many handles as before: ${JSON.stringify({ healthy, now: openHandles() })}`;
  for (let outage = 0; outage < 3; outage++) {
    await pair.B.kill();
    await path.writeMany(100);
    await pair.B.start();
    await path.drained();
    await waitFor(async () => (await path.write()).writes.B === "applied", {
      timeoutMs: 20_000,
      describe: "cluster B takes writes again",
    });
    await waitFor(settled, { timeoutMs: 10_000, describe: describeHandles });
  }
  await path.expectConverged();
  path.expectAccounted();
  await path.client.close();
  await nothingMoreOpen(before);
});

test("a black hole behind B does not slow the writers of A once the breaker has noticed", async () => {
  await using network = await proxies();
  await using path = new Path({ pair, through: network.through, keyspace: KEYSPACE });
  await path.start();
  await path.writeMany(500);
  const quantile = (values: number[], share: number) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
  const healthyP99 = quantile(path.callMs.splice(0), 0.99);
  const noticed = breakerOpened(path.client, "B");
  await network.B.set("blackhole");
  await path.writeMany(64);
  await noticed;
  path.callMs.splice(0);
  await path.writeMany(3000);
  const p99 = quantile(path.callMs, 0.99);
  // A call that waits for B at all waits for `secondaryTimeoutMs`, 2 s.
  expect(p99).toBeLessThan(Math.max(100, 2 * healthyP99));
  expect(path.errors).toEqual([]);
  await network.B.set("pass");
  await path.drained();
  await path.expectConverged();
  path.expectAccounted();
});

test("too few replicas of one keyspace hold up neither the replay of another nor themselves, once they are back", async () => {
  await using path = new Path({ pair, keyspace: KEYSPACE });
  const replication = (factor: number) => `{ 'class': 'SimpleStrategy', 'replication_factor': ${factor} }`;
  await onBoth(pair, async (driver) => {
    await driver.execute(`DROP KEYSPACE IF EXISTS client_away`);
    await driver.execute(`CREATE KEYSPACE client_away WITH replication = ${replication(3)}`);
    await driver.execute(`CREATE TABLE client_away.t (id int PRIMARY KEY, v text)`);
  });
  const opened: unknown[] = [];
  const errors: unknown[] = [];
  path.worker.on("cluster:breaker:opened", (event) => opened.push(event));
  path.worker.on("replay:attempt:failed", ({ error, outcome }) => errors.push({ error, outcome }));
  const served = new Set<unknown>();
  path.worker.on("replay:applied", ({ payload }) => served.add(payload));
  await path.start();
  for (let id = 0; id < 300; id++) {
    for (const keyspace of ["client_away", KEYSPACE]) {
      const query = `INSERT INTO ${keyspace}.t (id, v) VALUES (?, ?)`;
      const operation: Operation = { kind: "statement", query, params: [id, "replayed"] };
      const consistency = types.consistencies.quorum;
      await path.replayer.enqueue(
        createPayload({ targetCluster: "B", operation, timestampMicros: 1n, consistency }),
      );
    }
  }
  await waitFor(() => served.size === 300, { timeoutMs: 10_000, describe: () => `300 of ${served.size}` });
  expect(opened).toEqual([]);
  expect(errors.length).toBeGreaterThan(100);
  for (const failure of errors) expect(failure).toMatchObject({ outcome: "unavailable" });
  await onBoth(pair, (driver) =>
    driver.execute(`ALTER KEYSPACE client_away WITH replication = ${replication(1)}`),
  );
  await path.drained();
  path.expectAccounted();
});
