import { isHelixError } from "@helix/core";
import {
  nothingMoreOpen,
  openHandles,
  reply,
  type ScriptedCqlServer,
  startScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import { type ClientOptions, ExecutionProfile, policies } from "cassandra-driver";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectReplayExecutor, HelixClient } from "../src/index.ts";
import { driverOptions, errorOf, FakeReplayer, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const PARAMS = ["1", "a"];
const { loadBalancing } = policies;

let before = openHandles();
beforeEach(() => {
  before = openHandles();
});
afterEach(() => nothingMoreOpen(before));

describe("after an outage a cluster comes back, with an object in its options that the driver ties to a session:", () => {
  test.each<[string, (server: ScriptedCqlServer) => Partial<ClientOptions>]>([
    ["RoundRobinPolicy", () => balancing(new loadBalancing.RoundRobinPolicy())],
    ["DCAwareRoundRobinPolicy", () => balancing(new loadBalancing.DCAwareRoundRobinPolicy("datacenter1"))],
    [
      "TokenAwarePolicy, as the driver's documentation shows it",
      () =>
        balancing(
          new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy("datacenter1")),
        ),
    ],
    [
      "AllowListPolicy",
      ({ contactPoint }) =>
        balancing(new loadBalancing.AllowListPolicy(new loadBalancing.RoundRobinPolicy(), [contactPoint])),
    ],
    [
      "WhiteListPolicy",
      ({ contactPoint }) =>
        balancing(
          new loadBalancing.WhiteListPolicy(new loadBalancing.DCAwareRoundRobinPolicy("datacenter1"), [
            contactPoint,
          ]),
        ),
    ],
    [
      "DefaultLoadBalancingPolicy",
      () => balancing(new loadBalancing.DefaultLoadBalancingPolicy({ localDc: "datacenter1" })),
    ],
    [
      "a policy in a profile",
      () => ({
        profiles: [
          new ExecutionProfile("default", {
            loadBalancing: new loadBalancing.DCAwareRoundRobinPolicy("datacenter1"),
          }),
        ],
      }),
    ],
    [
      "a profile without a policy",
      () => ({ profiles: [new ExecutionProfile("other", { readTimeout: 300 })] }),
    ],
  ])("%s", async (_, more) => {
    const [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
    {
      await using client = new HelixClient({
        clusters: { A: driverOptions(A), B: driverOptions(B, more(B)) },
        replayer: new FakeReplayer(),
      });
      await client.connect({ waitFor: "all" });
      for (let outage = 0; outage < 2; outage++) {
        await B.setDown();
        expect((await client.execute(INSERT, PARAMS)).writes.B).toBe("queued");
        await B.setUp();
        await waitFor(async () => (await client.execute(INSERT, PARAMS)).writes.B === "applied", {
          timeoutMs: 4_000,
          describe: "B takes writes again",
        });
      }
    }
    await Promise.all([A.close(), B.close()]);
  });
});

describe("a start at which no cluster accepts its configuration is refused at once, and says what they say, with", () => {
  const credentials = { user: "app", password: "right" };
  const wrong = { credentials: { username: "app", password: "wrong" } };
  test.each<
    [string, { dataCenter?: string; credentials?: typeof credentials }, Partial<ClientOptions>, string]
  >([
    [
      "a wrong data centre",
      { dataCenter: "east" },
      { localDataCenter: "west" },
      "'west', but only found .*east",
    ],
    ["a wrong password", { credentials }, wrong, "password are incorrect"],
  ])("%s", async (_, server, driver, text) => {
    const [A, B] = await Promise.all([startScriptedCqlServer(server), startScriptedCqlServer(server)]);
    const clusters = { A: driverOptions(A, driver), B: driverOptions(B, driver) };
    {
      await using client = new HelixClient({ clusters });
      for (const waitFor of ["any", "all"] as const) {
        const error = await errorOf(client.connect({ waitFor }));
        if (!isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")) throw error;
        expect(error.message).toMatch(new RegExp(`A: .*${text}.*B: .*${text}`, "i"));
        expect(Object.keys(error.causes)).toEqual(["A", "B"]);
      }
      await client.connect({ waitFor: "none" });
      const error = await errorOf(connectReplayExecutor({ clusters }));
      expect(isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")).toBe(true);
    }
    await Promise.all([A.close(), B.close()]);
  });

  test("not while one of them may come yet", async () => {
    const [A, B] = await Promise.all([
      startScriptedCqlServer({ dataCenter: "east" }),
      startScriptedCqlServer(),
    ]);
    {
      await B.setDown();
      await using client = new HelixClient({
        clusters: { A: driverOptions(A, { localDataCenter: "west" }), B: driverOptions(B) },
      });
      const refused: string[] = [];
      client.on("cluster:disconnected", ({ cluster }) => refused.push(cluster));
      const connecting = client.connect();
      await waitFor(() => refused.includes("A") && refused.filter((cluster) => cluster === "B").length > 1, {
        timeoutMs: 3_000,
        describe: "A has refused, B was sought",
      });
      await B.setUp();
      await connecting;
      expect(client.clusterStates).toMatchObject({ A: { connected: false }, B: { connected: true } });
    }
    await Promise.all([A.close(), B.close()]);
  });
});

test("a close in the turn of the connect leaves no worker running", async () => {
  await using clusters = await TwoClusters.start();
  const calls: string[] = [];
  const worker = {
    start: async () => void calls.push("start"),
    stop: async () => void calls.push("stop"),
    isRunning: false,
    [Symbol.asyncDispose]: async () => {},
  };
  await clusters.client.attachWorker(worker);
  const connecting = errorOf(clusters.client.connect({ waitFor: "none" }));
  await clusters.client.close();
  expect(isHelixError(await connecting, "HELIX_CLIENT_CLOSED")).toBe(true);
  expect(calls).toEqual(["stop"]);
});

describe("more requests at once than the driver sends", () => {
  const pooling = { maxRequestsPerConnection: 16 };

  test("are all made, in turn, while answers come slowly; no session is given up", async () => {
    await using clusters = await TwoClusters.connected({
      client: { secondaryTimeoutMs: 10_000 },
      driver: { pooling, socketOptions: { readTimeout: 10_000 } },
    });
    const lost: unknown[] = [];
    clusters.client.on("cluster:disconnected", (event) => lost.push(event));
    clusters.script.A = () => reply.after(1_200, reply.void);
    clusters.script.B = clusters.script.A;
    const writes = await Promise.all(
      Array.from({ length: 40 }, () => clusters.client.execute(INSERT, PARAMS)),
    );
    for (const { writes: each } of writes) expect(each).toEqual({ A: "applied", B: "applied" });
    expect(lost).toEqual([]);
  });

  test("are not sent to a slow cluster when they have been queued for it meanwhile", async () => {
    await using clusters = await TwoClusters.connected({
      client: { secondaryTimeoutMs: 100 },
      driver: { pooling, socketOptions: { readTimeout: 10_000 } },
    });
    const { client, servers, script } = clusters;
    script.B = () => reply.after(600, reply.void);
    const writes = await Promise.all(Array.from({ length: 40 }, () => client.execute(INSERT, PARAMS)));
    expect(new Set(writes.map(({ writes: { B } }) => B))).toEqual(new Set(["queued"]));
    script.B = () => reply.void;
    await waitFor(async () => (await client.execute(INSERT, PARAMS)).writes.B === "applied", {
      timeoutMs: 3_000,
      describe: "B is free again",
    });
    expect(servers.B.requests.length).toBeLessThan(20);
  });

  test("are refused, unsent, when their turn does not come in time", async () => {
    await using clusters = await TwoClusters.connected({
      client: { requestTimeoutMs: 800 },
      driver: { pooling, socketOptions: { readTimeout: 10_000 } },
    });
    clusters.script.B = () => reply.silence;
    const requests = Array.from({ length: 20 }, () =>
      errorOf(clusters.client.execute(INSERT, PARAMS, { cluster: "B" })),
    );
    const errors = await Promise.all(requests);
    const busy = errors.filter((error) => isHelixError(error, "HELIX_CLUSTER_BUSY"));
    expect(busy).toHaveLength(5);
    expect(busy[0]).toMatchObject({ cluster: "B", maxInFlight: 15, outcome: "unavailable" });
    expect(errors.filter((error) => isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))).toHaveLength(15);
    expect(clusters.servers.B.requests).toHaveLength(15);
  });
});

function balancing(policy: policies.loadBalancing.LoadBalancingPolicy): Partial<ClientOptions> {
  return { policies: { loadBalancing: policy } };
}
