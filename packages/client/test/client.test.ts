import { isHelixError, type Startable, summarize } from "@helix/core";
import { type CqlRequest, cell, reply, type ServerError, startScriptedCqlServer } from "@helix/testkit";
import { ExecutionProfile, policies, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { type BatchOptions, type ExecuteOptions, HelixClient } from "../src/index.ts";
import { driverOptions, errorOf, FakeReplayer, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const SELECT = "SELECT v FROM ks.t";
const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };
const oneRow = (value: string) => () => reply.rows([{ name: "v", type: "text" }], [[cell.text(value)]]);

describe("refused before anything is sent", () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError, string]>([
    ["a priority that does not exist", { priority: "urgent" }, TypeError, "`priority`"],
    ["a cluster that does not exist", { cluster: "C" }, TypeError, "`cluster`"],
    ["a timestamp twice", { timestamp: 1, timestampMicros: 1 }, TypeError, "`timestampMicros`"],
    ["no timestamp of ours", { timestamp: null }, TypeError, "`timestamp"],
    ["hints for both clusters", { hints: ["text"], prepare: false }, TypeError, "`hints`"],
    ["a host of a session", { host: {} }, TypeError, 'driver("A")'],
    ["a fraction of a microsecond", { timestampMicros: 1.5 }, TypeError, "`timestampMicros`"],
    ["the least int64", { timestampMicros: -(2n ** 63n) }, RangeError, "`timestampMicros`"],
    ["more than an int64", { timestampMicros: 2n ** 63n }, RangeError, "`timestampMicros`"],
    ["an unknown option", { consitency: 1 }, TypeError, "Unknown option `consitency`"],
    ["a consistency of reads", { consistency: types.consistencies.serial }, TypeError, "SERIAL"],
    ["a consistency by name", { consistency: "quorum" }, TypeError, "`consistency`"],
    ["a read timeout of for ever", { readTimeout: 0 }, RangeError, "`readTimeout`"],
    ["a profile that does not exist", { executionProfile: "none" }, TypeError, "`executionProfile`"],
    ["a signal that is none", { signal: {} }, TypeError, "`signal`"],
    ["a text", "quorum", TypeError, "options of `execute`"],
  ])("%s", async (_, options, type, message) => {
    await using clusters = await TwoClusters.connected();
    const call = clusters.client.execute(INSERT, ["1", "a"], options as ExecuteOptions);
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(message);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });

  test("but no options at all, which the driver takes as well", async () => {
    await using clusters = await TwoClusters.connected();
    await clusters.client.execute(INSERT, ["1", "a"], null);
    await clusters.client.batch([{ query: INSERT, params: ["1", "a"] }], null);
    expect(clusters.servers.A.requests).toHaveLength(2);
  });

  test("but no object without a name, of a statement of a batch that binds nothing", async () => {
    await using clusters = await TwoClusters.connected();
    const query = "INSERT INTO ks.t (id, v) VALUES ('1', 'a')";
    const { writes } = await clusters.client.batch([{ query, params: {} }, query]);
    expect(writes).toEqual({ A: "applied", B: "applied" });
    expect(await errorOf(clusters.client.batch([{ query: INSERT, params: {} }]))).toBeInstanceOf(Error);
  });

  test("a write at the default consistency of its cluster, which only reads have", async () => {
    const queryOptions = { consistency: types.consistencies.localSerial };
    await using clusters = await TwoClusters.connected({ driver: { queryOptions } });
    await expect(clusters.client.execute(INSERT, ["1", "a"])).rejects.toThrow(/cluster A .* LOCAL_SERIAL/);
    await clusters.client.execute(INSERT, ["1", "a"], { consistency: types.consistencies.one });
    expect(clusters.servers.A.requests).toHaveLength(1);
  });

  test.each<[string, unknown, unknown, string]>([
    ["an empty query", " ", [], "`query`"],
    ["a query that is none", 7, [], "`query`"],
    ["parameters that are none", INSERT, "12", "params"],
    ["a parameter that no column takes", INSERT, ["1", Symbol("s")], "params[1]"],
  ])("%s", async (_, query, params, message) => {
    await using clusters = await TwoClusters.connected();
    const error = await errorOf(clusters.client.execute(query as string, params as never));
    expect((error as Error).message).toContain(message);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });

  test.each<[string, unknown, BatchOptions, string]>([
    ["an empty batch", [], {}, "`statements`"],
    ["a batch that is none", INSERT, {}, "`statements`"],
    ["an empty statement in a batch", [INSERT, ""], {}, "`statements[1].query`"],
    ["a bad parameter in a batch", [{ query: INSERT, params: [() => {}] }], {}, "statements[0].params[0]"],
    ["a SELECT in a batch", [SELECT], {}, "SELECT in a batch"],
    ["a conditional statement in a batch", [`${INSERT} IF NOT EXISTS`], {}, "IF"],
    ["a counter batch", ["UPDATE c SET n = n + 1 WHERE k = 1"], { counter: true }, "counter batch"],
    ["an option of execute", [INSERT], { fetchSize: 1 } as BatchOptions, "Unknown option `fetchSize`"],
  ])("%s", async (_, statements, options, message) => {
    await using clusters = await TwoClusters.connected();
    const error = await errorOf(clusters.client.batch(statements as string[], options));
    expect((error as Error).message).toContain(message);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });

  test("a conditional write, unless it names its cluster", async () => {
    await using clusters = await TwoClusters.connected();
    const query = `${INSERT} IF NOT EXISTS`;
    const error = await errorOf(clusters.client.execute(query, ["1", "a"]));
    expect(isHelixError(error, "HELIX_NOT_REPLAYABLE")).toBe(true);
    const result = await clusters.client.execute(query, ["1", "a"], { cluster: "B" });
    expect(result.cluster).toBe("B");
    expect(result.writes).toEqual({});
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.servers.B.requests).toHaveLength(1);
  });
});

test("a callback is refused before anything is sent, wherever the driver takes one", async () => {
  await using clusters = await TwoClusters.connected();
  const { client } = clusters;
  const callback = (() => {}) as never;
  const calls: [string, Promise<unknown>][] = [
    ["`execute`", client.execute(SELECT, callback)],
    ["`execute`", client.execute(SELECT, [], callback)],
    ["`execute`", client.execute(SELECT, [], {}, callback)],
    ["`batch`", client.batch([INSERT], callback)],
    ["`batch`", client.batch([INSERT], {}, callback)],
    ["`connect`", client.connect(callback)],
  ];
  for (const [method, call] of calls) {
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(`${method} takes no callback: it returns a promise`);
  }
  expect(clusters.servers.A.requests).toEqual([]);
});

test("a timestamp by the driver's name is the same, as a number or a Long of any copy", async () => {
  await using clusters = await TwoClusters.connected();
  for (const timestamp of [1_700_000_000_000_000, types.Long.fromNumber(-42)]) {
    const { timestampMicros } = await clusters.client.execute(INSERT, ["1", "a"], { timestamp });
    expect(timestampMicros).toBe(BigInt(String(timestamp)));
    expect(clusters.servers.B.requests.at(-1)?.timestamp).toBe(timestampMicros);
  }
});

test("options that the driver knows reach it", async () => {
  await using clusters = await TwoClusters.connected();
  await clusters.client.execute("DELETE FROM ks.t WHERE id = '1'", undefined, { consistency: 4 });
  expect(clusters.servers.A.requests).toMatchObject([{ kind: "query", consistency: 4 }]);
  expect(clusters.servers.A.prepares).toEqual([]);
  await clusters.client.execute(INSERT, ["1", "a"], { prepare: false, cluster: "A" });
  expect(clusters.servers.A.requests.at(-1)?.kind).toBe("query");
});

describe("the keyspace of a request", () => {
  test("is the one of every table that its text does not qualify, on both clusters and in the queue", async () => {
    await using clusters = await TwoClusters.connected();
    const { client, servers, script, queued } = clusters;
    script.B = () => reply.error(unavailable);
    await client.execute("INSERT INTO t (id) VALUES (?)", ["1"], { keyspace: "Shop" });
    await client.batch(["DELETE FROM t WHERE id = '1'", "DELETE FROM own.t WHERE id = '1'"], {
      keyspace: "shop",
    });
    await client.execute("SELECT v FROM t", [], { keyspace: "shop", cluster: "A" });
    expect(servers.A.requests.map(({ query }) => query)).toEqual([
      'INSERT INTO "Shop".t (id) VALUES (?)',
      "DELETE FROM \"shop\".t WHERE id = '1'; DELETE FROM own.t WHERE id = '1'",
      'SELECT v FROM "shop".t',
    ]);
    expect(queued.map((payload) => summarize(payload).tables)).toEqual([["Shop.t"], ["own.t", "shop.t"]]);
  });

  test("is refused where the text shows no table, and nothing is sent", async () => {
    await using clusters = await TwoClusters.connected();
    const call = clusters.client.execute("DROP INDEX places", [], { keyspace: "shop", cluster: "A" });
    expect(isHelixError(await errorOf(call), "HELIX_NOT_REPLAYABLE")).toBe(true);
    expect(clusters.servers.A.requests).toEqual([]);
  });
});

describe("an option of a request that only helps the driver", () => {
  test("is taken by reads, by writes to both and by those to one", async () => {
    await using clusters = await TwoClusters.connected();
    const { client, servers } = clusters;
    const routing = { routingKey: Buffer.of(1), routingIndexes: [0] };
    await client.execute(INSERT, ["1", "a"], routing);
    const named = "INSERT INTO ks.t (id) VALUES (:id)";
    await client.execute(named, { id: "1" }, { routingNames: ["id"], prepare: false, cluster: "A" });
    await client.execute(SELECT, [], { routingKey: [Buffer.of(1), Buffer.of(2)] });
    expect([servers.A.requests.length, servers.B.requests.length]).toEqual([3, 1]);
  });

  test("`hints` types what is not prepared, of a read and of a write to one cluster", async () => {
    await using clusters = await TwoClusters.connected();
    const { client, servers } = clusters;
    const options = { prepare: false, hints: ["int"] };
    await client.execute("SELECT v FROM ks.t WHERE id = ?", [7], options);
    await client.execute("DELETE FROM ks.t WHERE id = ?", [7], { ...options, cluster: "A" });
    expect(servers.A.requests.map(({ values }) => values)).toEqual([[cell.int(7)], [cell.int(7)]]);
  });

  test("`retry` decides instead of the cluster's policy, of a write to both as well", async () => {
    await using clusters = await TwoClusters.connected();
    const { client, servers, script } = clusters;
    const asked: string[] = [];
    class Once extends policies.retry.RetryPolicy {
      override onUnavailable(info: policies.retry.OperationInfo) {
        asked.push(info.query);
        return info.nbRetry === 0 ? this.retryResult(types.consistencies.one) : this.rethrowResult();
      }
    }
    for (const cluster of ["A", "B"] as const) {
      script[cluster] = ({ attempt }) => (attempt === 1 ? reply.error(unavailable) : reply.void);
    }
    const { writes } = await client.execute(INSERT, ["1", "a"], { retry: new Once(), isIdempotent: true });
    expect(writes).toEqual({ A: "applied", B: "applied" });
    expect([servers.A.requests.length, servers.B.requests.length]).toEqual([2, 2]);
    expect(asked).toEqual([INSERT, INSERT]);
  });

  test("an execution profile may be given as the object, which stands for its name", async () => {
    const profile = new ExecutionProfile("careful", { consistency: types.consistencies.all });
    await using clusters = await TwoClusters.connected({ driver: { profiles: [profile] } });
    await clusters.client.execute(INSERT, ["1", "a"], { executionProfile: profile });
    for (const { requests } of Object.values(clusters.servers)) {
      expect(requests).toMatchObject([{ consistency: types.consistencies.all }]);
    }
    const unknown = new ExecutionProfile("unknown", {});
    await expect(clusters.client.execute(SELECT, [], { executionProfile: unknown })).rejects.toThrow(
      "profiles",
    );
  });
});

describe("a read", () => {
  test("stays with one cluster", async () => {
    await using clusters = await TwoClusters.connected({ client: { readCluster: "B" } });
    clusters.script.B = oneRow("b");
    for (let n = 0; n < 3; n++) {
      const result = await clusters.client.execute<{ v: string }>(SELECT);
      expect(result.cluster).toBe("B");
      expect(result.first()?.v).toBe("b");
      expect([...result].map(({ v }) => v)).toEqual(["b"]);
      expect(result.rowLength).toBe(1);
      expect(result.timestampMicros).toBeUndefined();
    }
    expect(clusters.servers.A.requests).toEqual([]);
  });

  test("fails over when its cluster fails, and stays there", async () => {
    await using clusters = await TwoClusters.connected();
    clusters.script.A = () => reply.error(unavailable);
    clusters.script.B = oneRow("b");
    expect((await clusters.client.execute(SELECT)).cluster).toBe("B");
    clusters.script.A = oneRow("a");
    expect((await clusters.client.execute(SELECT)).cluster).toBe("B");
    expect(clusters.servers.A.requests).toHaveLength(1);
  });

  test("that a server refuses is not tried on the other", async () => {
    await using clusters = await TwoClusters.connected();
    clusters.script.A = () => reply.error({ code: "syntaxError" });
    await expect(clusters.client.execute(SELECT)).rejects.toMatchObject({ code: 0x2000 });
    expect(clusters.servers.B.requests).toEqual([]);
  });

  test("of a table that one cluster does not know is tried on the other; that neither knows is told as it is", async () => {
    await using clusters = await TwoClusters.connected();
    const unknownTable = () => reply.error({ code: "invalid", message: "table ks.t does not exist" });
    clusters.script.A = unknownTable;
    clusters.script.B = oneRow("b");
    expect((await clusters.client.execute(SELECT)).cluster).toBe("B");
    clusters.script.B = unknownTable;
    await expect(clusters.client.execute(SELECT)).rejects.toMatchObject({
      code: 0x2200,
      message: "table ks.t does not exist",
    });
  });

  test("that no cluster can answer is told with both causes", async () => {
    await using clusters = await TwoClusters.connected();
    clusters.script.A = () => reply.error(unavailable);
    await clusters.servers.B.setDown();
    const error = await errorOf(clusters.client.execute(SELECT));
    if (!isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")) throw error;
    expect(Object.keys(error.causes).sort()).toEqual(["A", "B"]);
    expect(clusters.queued).toEqual([]);
  });

  test("ends with the signal's reason when it is aborted", async () => {
    await using clusters = await TwoClusters.connected();
    const controller = new AbortController();
    clusters.script.A = () => {
      controller.abort(new Error("enough"));
      return reply.silence;
    };
    await expect(clusters.client.execute(SELECT, [], { signal: controller.signal })).rejects.toThrow(
      "enough",
    );
  });
});

describe("one cluster alone", () => {
  async function alone(onRequest: (request: CqlRequest) => ReturnType<typeof reply.error>) {
    const server = await startScriptedCqlServer({ onRequest });
    const client = new HelixClient({ clusters: { A: driverOptions(server) } });
    await client.connect();
    return {
      client,
      server,
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await server.close();
      },
    };
  }

  test("takes anything, and its errors are the driver's", async () => {
    await using one = await alone(() => reply.error(unavailable));
    for (const query of [SELECT, INSERT, `${INSERT} IF NOT EXISTS`, "TRUNCATE ks.t"]) {
      const error = await errorOf(one.client.execute(query, query.includes("?") ? ["1", "a"] : []));
      expect((error as Error).name).toBe("NoHostAvailableError");
    }
    await expect(
      one.client.batch(["UPDATE c SET n = n + 1 WHERE k = 1"], { counter: true }),
    ).rejects.toThrow();
    expect(one.server.requests.at(-1)?.batchType).toBe("counter");
  });

  test("has no other", async () => {
    await using one = await alone(() => reply.error(unavailable));
    await expect(one.client.execute(SELECT, [], { cluster: "B" })).rejects.toThrow(TypeError);
  });

  test("that is away says so", async () => {
    await using one = await alone(() => reply.error(unavailable));
    await one.server.setDown();
    await errorOf(one.client.execute(SELECT));
    const error = await errorOf(one.client.execute(SELECT));
    expect(isHelixError(error, "HELIX_CLUSTER_UNAVAILABLE")).toBe(true);
  });
});

test("a write that a silent host may have is never surely not applied, whatever the next host says", async () => {
  let asked = 0;
  const onRequest = () => (asked++ === 0 ? reply.silence : reply.error(unavailable));
  const first = await startScriptedCqlServer({ host: "127.0.0.1", peers: ["127.0.0.2"], onRequest });
  const { port } = first;
  const second = await startScriptedCqlServer({ host: "127.0.0.2", port, peers: ["127.0.0.1"], onRequest });
  const other = await startScriptedCqlServer({ onRequest: () => reply.error(unavailable) });
  const replayer = new FakeReplayer();
  {
    await using client = new HelixClient({
      clusters: { A: { ...driverOptions(first), protocolOptions: { port } }, B: driverOptions(other) },
      replayer,
    });
    await client.connect({ waitFor: "all" });
    const error = await errorOf(client.execute(INSERT, ["1", "a"], { isIdempotent: true }));
    if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) throw error;
    expect(asked).toBe(2);
    expect(error.clusters).toMatchObject({ A: { applied: "maybe" }, B: { applied: "no" } });
    expect(replayer.payloads.map(({ targetCluster }) => targetCluster)).toEqual(["A", "B"]);
  }
  await Promise.all([first.close(), second.close(), other.close()]);
});

describe("an attached worker", () => {
  class FakeWorker implements Startable {
    readonly calls: string[] = [];
    isRunning = false;
    async start(): Promise<void> {
      this.isRunning = true;
      this.calls.push("start");
    }
    async stop(): Promise<void> {
      this.isRunning = false;
      this.calls.push("stop");
    }
    [Symbol.asyncDispose](): Promise<void> {
      return this.stop();
    }
  }

  test("before connect is started by connect, and stopped by close while the sessions are still there", async () => {
    await using clusters = await TwoClusters.start();
    const connectedAtStop: unknown[] = [];
    const worker = new FakeWorker();
    worker.stop = async () => void connectedAtStop.push(clusters.client.clusterStates.A?.connected);
    await clusters.client.attachWorker(worker);
    expect(worker.isRunning).toBe(false);
    await clusters.client.connect({ waitFor: "all" });
    expect(worker.isRunning).toBe(true);
    await clusters.client.close();
    expect(connectedAtStop).toEqual([true]);
  });

  test("after connect runs at once", async () => {
    await using clusters = await TwoClusters.connected();
    const worker = new FakeWorker();
    await clusters.client.attachWorker(worker);
    expect(worker.calls).toEqual(["start"]);
  });

  test("that fails to stop does not keep the sessions open, and close rejects with its failure", async () => {
    const { client, servers } = await TwoClusters.connected();
    const worker = new FakeWorker();
    const fault = new Error("stuck");
    worker.stop = () => Promise.reject(fault);
    await client.attachWorker(worker);
    expect(await errorOf(client.close())).toBe(fault);
    expect(client.clusterStates.A?.connected).toBe(false);
    await Promise.all([servers.A.close(), servers.B.close()]);
  });
});
