import dns from "node:dns";
import type { Clock } from "@helix/core";
import {
  nothingMoreOpen,
  openHandles,
  type ScriptedCqlServer,
  startScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import type { ClientOptions } from "cassandra-driver";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HelixClient } from "../src/index.ts";
import { driverOptions, FakeReplayer } from "./two-clusters.ts";

const NAME = "cassandra.example";

/** A clock on which a minute takes a second: what is sought every two seconds is so thirty times a second. */
const hurried: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now() * 60,
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs / 60);
    return () => clearTimeout(timer);
  },
};

let before = openHandles();
let A: ScriptedCqlServer;
let B: ScriptedCqlServer;
beforeEach(async () => {
  before = openHandles();
  [A, B] = await Promise.all([startScriptedCqlServer(), startScriptedCqlServer()]);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([A.close(), B.close()]);
  await nothingMoreOpen(before);
});

type Callback = (error: Error | null, result?: unknown) => void;

/** What the name means from now on; undefined is a look-up that fails. */
function resolveTo(address: string | undefined): void {
  vi.restoreAllMocks();
  const lookup = dns.lookup;
  const failure = Object.assign(new Error("queryA ENOTFOUND"), { code: "ENOTFOUND" });
  const answer = (callback: Callback, result: unknown) =>
    setImmediate(() => (result === undefined ? callback(failure) : callback(null, result)));
  const mock = (method: "resolve4" | "resolve6" | "lookup", act: (...args: never[]) => unknown) =>
    vi.spyOn(dns, method).mockImplementation(act as never);
  mock("resolve4", (_: string, callback: Callback) => answer(callback, address && [address]));
  mock("resolve6", (_: string, callback: Callback) => answer(callback, undefined));
  // Of the system's look-up the rest of this process has need as well.
  mock("lookup", (name: string, options: object, callback: Callback) =>
    name === NAME
      ? answer(callback, address && [{ address, family: 4 }])
      : lookup(name, options, callback as never),
  );
}

async function connected(client: HelixClient): Promise<void> {
  await waitFor(() => client.clusterStates.B?.connected, { timeoutMs: 2_500, describe: "B is there" });
}

function clientOf(driver: Partial<ClientOptions>, clock?: Clock): HelixClient {
  const clusters = { A: driverOptions(A), B: driverOptions(B, driver) };
  return new HelixClient({ clusters, replayer: new FakeReplayer(), ...(clock && { clock }) });
}

describe("a name", () => {
  const named = () => ({ contactPoints: [`${NAME}:${B.port}`] });

  test("that cannot be resolved at start is looked up again until it can", async () => {
    resolveTo(undefined);
    await using client = clientOf(named());
    const causes: string[] = [];
    client.on("cluster:disconnected", ({ cause }) => causes.push(String(cause)));
    await client.connect();
    await waitFor(() => causes.length >= 3, { timeoutMs: 3_000, describe: "it is looked up again" });
    expect(causes[0]).toContain("No host could be resolved");
    resolveTo("127.0.0.1");
    await connected(client);
  });

  test("that is still being looked up does not hold up a close, and is not connected to afterwards", async () => {
    resolveTo("127.0.0.1");
    let answer: Callback = () => {};
    vi.spyOn(dns, "resolve4").mockImplementation(((_: string, callback: Callback) => {
      answer = callback;
    }) as never);
    const client = clientOf(named());
    await client.connect();
    const startedAt = performance.now();
    await client.close();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    answer(null, ["127.0.0.1"]);
    await nothingMoreOpen({ ...before, listeners: before.listeners + 2 });
    expect(B.connections).toBe(0);
  });

  test("is looked up anew after an outage, so that the cluster may have moved meanwhile", async () => {
    resolveTo("127.0.0.1");
    await using client = clientOf(named());
    await client.connect({ waitFor: "all" });
    for (const host of ["127.0.0.2", "127.0.0.3"]) {
      const moved = await startScriptedCqlServer({ host, port: B.port });
      await B.close();
      await waitFor(() => client.clusterStates.B?.connected === false, {
        timeoutMs: 2_000,
        describe: "B is lost",
      });
      resolveTo(undefined);
      resolveTo(host);
      await connected(client);
      B = moved;
    }
    expect((await client.execute("INSERT INTO ks.t (id) VALUES (?)", ["1"])).writes.B).toBe("applied");
  });
});

test.each<[string, () => Partial<ClientOptions>]>([
  ["is down", () => ({ contactPoints: ["127.0.0.1:1"] })],
  ["has another data centre", () => ({ localDataCenter: "west" })],
  ["has a name that cannot be resolved", () => ({ contactPoints: [`${NAME}:${B.port}`] })],
  ["speaks no TLS", () => ({ sslOptions: {} })],
])(
  "a cluster that %s may be sought any number of times: no socket and no timer more",
  { timeout: 30_000 },
  async (_, driver) => {
    resolveTo(undefined);
    await using client = clientOf(driver(), hurried);
    let tries = 0;
    client.on("cluster:disconnected", () => tries++);
    await client.connect();
    const tried = (times: number) =>
      waitFor(() => tries >= times, { timeoutMs: 20_000, describe: () => `${times} tries; ${tries} so far` });
    await tried(5);
    const most = { sockets: 0, timers: 0 };
    const off = client.on("cluster:disconnected", () => {
      const { sockets, timers } = openHandles();
      most.sockets = Math.max(most.sockets, sockets - before.sockets);
      most.timers = Math.max(most.timers, timers - before.timers);
    });
    await tried(20);
    off();
    // A has one connection with its heartbeat; the try that has just ended may have one that is being closed.
    expect(most.sockets).toBeLessThanOrEqual(4);
    expect(most.timers).toBeLessThanOrEqual(8);
    expect(B.connections).toBeLessThanOrEqual(1);
  },
);
