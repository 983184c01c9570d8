import { isHelixError } from "@helix/core";
import {
  nothingMoreOpen,
  openHandles,
  reply,
  startFaultProxy,
  startScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { driverOptions, errorOf, FakeReplayer, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const PARAMS = ["1", "a"];

let before = openHandles();
beforeEach(() => {
  before = openHandles();
});
/** Whatever a test did, nothing of it is left: no socket, no timer, no listener. */
afterEach(() => nothingMoreOpen(before));

function untilOpened(client: HelixClient, cluster: "A" | "B"): Promise<void> {
  return new Promise((resolve) => {
    const off = client.on("cluster:breaker:opened", (event) => {
      if (event.cluster !== cluster) return;
      off();
      resolve();
    });
  });
}

function untilApplied(client: HelixClient): Promise<unknown> {
  return waitFor(async () => (await client.execute(INSERT, PARAMS)).writes.B === "applied", {
    timeoutMs: 10_000,
    describe: "cluster B takes writes again",
  });
}

describe("a cluster that is down at start", () => {
  test("does not hold up connecting, and its writes are queued", async () => {
    await using clusters = await TwoClusters.start();
    await clusters.servers.B.setDown();
    await clusters.client.connect();
    const result = await clusters.client.execute(INSERT, PARAMS);
    expect(result.writes).toEqual({ A: "applied", B: "queued" });
    await clusters.servers.B.setUp();
    await untilApplied(clusters.client);
    expect(clusters.client.clusterStates.B).toEqual({ connected: true, breaker: "closed" });
  });

  test("holds up a connect that waits for all, until it is there", async () => {
    await using clusters = await TwoClusters.start();
    await clusters.servers.B.setDown();
    let isConnected = false;
    const connecting = clusters.client.connect({ waitFor: "all" }).then(() => {
      isConnected = true;
    });
    await waitFor(() => clusters.client.clusterStates.A?.connected, {
      timeoutMs: 3_000,
      describe: "A is there",
    });
    expect(isConnected).toBe(false);
    await clusters.servers.B.setUp();
    await connecting;
    expect(clusters.client.clusterStates.B?.connected).toBe(true);
  });

  test("with the other, connecting waits; abort ends the waiting, close the seeking", async () => {
    await using clusters = await TwoClusters.start();
    await Promise.all([clusters.servers.A.setDown(), clusters.servers.B.setDown()]);
    const signal = AbortSignal.timeout(100);
    await expect(clusters.client.connect({ signal })).rejects.toMatchObject({ name: "TimeoutError" });
    const waiting = errorOf(clusters.client.connect());
    await clusters.client.close();
    expect(isHelixError(await waiting, "HELIX_CLIENT_CLOSED")).toBe(true);
  });
});

test("a try ends at once when a proxy closes what it has accepted, since the node behind it is dead", async () => {
  const [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
  const proxy = await startFaultProxy({ target: { host: B.host, port: B.port } });
  const tries: unknown[] = [];
  {
    await using client = new HelixClient({
      clusters: {
        A: driverOptions(A),
        B: driverOptions(
          { contactPoint: proxy.contactPoint, localDataCenter: B.localDataCenter },
          { socketOptions: { readTimeout: 60_000 } },
        ),
      },
      replayer: new FakeReplayer(),
    });
    client.on("cluster:disconnected", ({ cause }) => tries.push(cause));
    await B.setDown();
    await client.connect();
    await waitFor(() => tries.length >= 3, { timeoutMs: 5_000, describe: "B was sought three times" });
    expect(String(tries[0])).toContain("Socket was closed");
    await B.setUp();
    await waitFor(() => client.clusterStates.B?.connected, { timeoutMs: 5_000, describe: "B is there" });
  }
  await Promise.all([proxy.close(), A.close(), B.close()]);
});

test("a wrong data centre is told, leaves no socket, and does not stop the other cluster", async () => {
  const [A, B] = await Promise.all([
    startScriptedCqlServer(),
    startScriptedCqlServer({ dataCenter: "elsewhere" }),
  ]);
  const causes: unknown[] = [];
  {
    await using client = new HelixClient({
      clusters: { A: driverOptions(A), B: { ...driverOptions(B), localDataCenter: "datacenter1" } },
      replayer: new FakeReplayer(),
    });
    client.on("cluster:disconnected", ({ cause }) => causes.push(cause));
    await client.connect();
    await waitFor(() => causes.length > 0, { timeoutMs: 3_000, describe: "B is refused" });
    expect(String(causes[0])).toContain("datacenter1");
    await waitFor(() => B.connections === 0, { timeoutMs: 1_000, describe: "B has no connection" });
  }
  await Promise.all([A.close(), B.close()]);
});

test("any number of total outages leave one connection and no timer more", async () => {
  await using clusters = await TwoClusters.connected();
  await clusters.client.execute(INSERT, PARAMS);
  for (let outage = 0; outage < 4; outage++) {
    await clusters.servers.B.setDown();
    await clusters.client.execute(INSERT, PARAMS);
    await clusters.servers.B.setUp();
    await untilApplied(clusters.client);
    await waitFor(() => clusters.servers.B.connections === 1, {
      timeoutMs: 3_000,
      describe: () => `one connection is left of ${clusters.servers.B.connections}`,
    });
  }
});

test("the log says that a session is lost and that there is a new one, and of the breaker nothing besides", async () => {
  const told: string[] = [];
  const tell = (_: object, message: string) => told.push(message);
  const logger = { debug: tell, info: tell, warn: tell, error: tell };
  await using clusters = await TwoClusters.connected({ client: { logger } });
  told.length = 0;
  await clusters.servers.B.setDown();
  await clusters.client.execute(INSERT, PARAMS);
  await clusters.servers.B.setUp();
  await untilApplied(clusters.client);
  const [first, ...rest] = told;
  expect(first).toBe("no session to the cluster; it is sought again");
  expect(rest.at(-1)).toBe("connected to the cluster");
  expect(new Set(told).size).toBe(2);
});

describe("a cluster that has stopped answering", () => {
  test("is given up after five timeouts in a row; then writes do not wait for it", async () => {
    await using clusters = await TwoClusters.connected({ driver: { socketOptions: { readTimeout: 50 } } });
    const opened = untilOpened(clusters.client, "B");
    clusters.script.B = () => reply.silence;
    for (let n = 0; n < 5; n++) await clusters.client.execute(INSERT, PARAMS);
    await opened;
    const sent = clusters.servers.B.requests.length;
    const result = await clusters.client.execute(INSERT, PARAMS);
    expect(result.writes.B).toBe("queued");
    expect(clusters.servers.B.requests).toHaveLength(sent);
    expect(clusters.queued).toHaveLength(6);
  });

  test("is not given up while some answer comes between the timeouts", async () => {
    await using clusters = await TwoClusters.connected({ driver: { socketOptions: { readTimeout: 50 } } });
    let n = 0;
    clusters.script.B = () => (++n % 4 === 0 ? reply.error({ code: "serverError" }) : reply.silence);
    for (let write = 0; write < 9; write++) await clusters.client.execute(INSERT, PARAMS);
    expect(clusters.client.clusterStates.B?.breaker).toBe("closed");
  });

  test("with many writes out is given up after a second, which ends their waiting", async () => {
    await using clusters = await TwoClusters.connected({
      client: { secondaryTimeoutMs: 20_000 },
      driver: { socketOptions: { readTimeout: 20_000 } },
    });
    clusters.script.B = () => reply.silence;
    const startedAt = performance.now();
    const writes = Array.from({ length: 8 }, () => clusters.client.execute(INSERT, PARAMS));
    const results = await Promise.all(writes);
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(950);
    expect(tookMs).toBeLessThan(3_000);
    expect(results.every(({ writes: { B } }) => B === "queued")).toBe(true);
  });

  test("to slow statements, but does answer, is given up once and not over and over", async () => {
    await using clusters = await TwoClusters.connected({
      client: { secondaryTimeoutMs: 20_000 },
      driver: { socketOptions: { readTimeout: 20_000 } },
    });
    let opened = 0;
    clusters.client.on("cluster:breaker:opened", () => opened++);
    clusters.script.B = () => reply.after(2_000, reply.void);
    await Promise.all(
      Array.from({ length: 8 }, () => clusters.client.execute(INSERT, PARAMS, { cluster: "B" })),
    );
    expect(opened).toBe(1);
    expect(clusters.client.clusterStates.B?.breaker).toBe("closed");
  });

  test("is found again by its own probes, without any traffic", async () => {
    await using clusters = await TwoClusters.connected({ driver: { socketOptions: { readTimeout: 50 } } });
    clusters.script.B = () => reply.silence;
    for (let n = 0; n < 5; n++) await clusters.client.execute(INSERT, PARAMS);
    expect(clusters.client.clusterStates.B?.breaker).toBe("open");
    clusters.script.B = () => reply.void;
    await waitFor(() => clusters.client.clusterStates.B?.breaker === "closed", {
      timeoutMs: 5_000,
      describe: "the breaker closes",
    });
    expect((await clusters.client.execute(INSERT, PARAMS)).writes.B).toBe("applied");
  });
});

test.each(["blackhole", "half-open", "refuse"] as const)(
  "after a network in mode %s the cluster is found again on a new connection",
  async (mode) => {
    const [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
    const proxy = await startFaultProxy({ target: { host: B.host, port: B.port } });
    {
      await using client = new HelixClient({
        clusters: { A: driverOptions(A), B: { ...driverOptions(B), contactPoints: [proxy.contactPoint] } },
        replayer: new FakeReplayer(),
        secondaryTimeoutMs: 100,
      });
      await client.connect({ waitFor: "all" });
      await client.execute(INSERT, PARAMS);
      const opened = untilOpened(client, "B");
      await proxy.set(mode);
      await Promise.all(Array.from({ length: 8 }, () => client.execute(INSERT, PARAMS)));
      await opened;
      await proxy.set("pass");
      await untilApplied(client);
    }
    await proxy.close();
    await Promise.all([A.close(), B.close()]);
  },
  15_000,
);

describe("close", () => {
  test("waits for writes in flight", async () => {
    await using clusters = await TwoClusters.connected();
    clusters.script.B = () => reply.after(100, reply.void);
    const write = clusters.client.execute(INSERT, PARAMS);
    await clusters.client.close();
    expect((await write).writes).toEqual({ A: "applied", B: "applied" });
  });

  test("cuts what is left after the drain timeout, which is then queued", async () => {
    await using clusters = await TwoClusters.connected({
      client: { drainTimeoutMs: 50, secondaryTimeoutMs: 20_000 },
      driver: { socketOptions: { readTimeout: 20_000 } },
    });
    clusters.script.B = () => reply.silence;
    const write = clusters.client.execute(INSERT, PARAMS);
    await clusters.client.close();
    expect((await write).writes).toEqual({ A: "applied", B: "queued" });
  });

  test("does not wait for a cluster that has vanished to say goodbye", async () => {
    const [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
    const proxy = await startFaultProxy({ target: { host: B.host, port: B.port } });
    const timers = () => openHandles().timers;
    const timersBefore = timers();
    const client = new HelixClient({
      clusters: {
        A: driverOptions(A),
        B: {
          ...driverOptions(B, { socketOptions: { connectTimeout: 60_000 } }),
          contactPoints: [proxy.contactPoint],
        },
      },
    });
    await client.connect({ waitFor: "all" });
    await proxy.set("blackhole");
    const startedAt = performance.now();
    await client.close();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    // A connection that is still to be closed has a timer of the driver's, of `connectTimeout`.
    expect(timers()).toBeLessThanOrEqual(timersBefore);
    await Promise.all([proxy.close(), A.close(), B.close()]);
  });

  test("does not wait for the end of an attempt to connect", async () => {
    const [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
    B.pause();
    const timersBefore = openHandles().timers;
    const patient = { socketOptions: { connectTimeout: 60_000, readTimeout: 60_000 } };
    const client = new HelixClient({ clusters: { A: driverOptions(A), B: driverOptions(B, patient) } });
    await client.connect();
    await waitFor(() => B.connections === 1, { timeoutMs: 3_000, describe: "B has accepted" });
    const startedAt = performance.now();
    await client.close();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(openHandles().timers).toBeLessThanOrEqual(timersBefore);
    B.resume();
    await waitFor(() => B.connections === 0, { timeoutMs: 1_000, describe: "B has no connection" });
    await Promise.all([A.close(), B.close()]);
  });

  test("twice is one close, and afterwards everything is refused; the replayer is left alone", async () => {
    await using clusters = await TwoClusters.connected();
    const { client } = clusters;
    const closing = client.close();
    expect(client.close()).toBe(closing);
    await closing;
    for (const call of [
      () => client.execute(INSERT, PARAMS),
      () => client.batch([INSERT]),
      () => client.connect(),
      () => client.attachWorker({ start() {}, stop() {} } as never),
    ]) {
      expect(isHelixError(await errorOf(call()), "HELIX_CLIENT_CLOSED")).toBe(true);
    }
    expect(clusters.replayer.closed).toBe(false);
  });

  test("before connect there is nothing to close, and requests are refused", async () => {
    await using clusters = await TwoClusters.start();
    const error = await errorOf(clusters.client.execute(INSERT, PARAMS));
    expect(isHelixError(error, "HELIX_CLIENT_NOT_CONNECTED")).toBe(true);
    await clusters.client.close();
  });
});
