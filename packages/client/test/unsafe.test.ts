import { isHelixError } from "@helix/core";
import { reply, type ScriptedTables, type ServerError, waitFor } from "@helix/testkit";
import { policies, types } from "cassandra-driver";
import { expect, test } from "vitest";
import type { HelixClientOptions } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };
const APPEND = "UPDATE ks.lists SET l = l + ? WHERE id = ?";
const INSERT = "INSERT INTO ks.lists (id, v) VALUES (?, ?)";
const tables: ScriptedTables = {
  "ks.lists": { columns: { id: "text", v: "text", l: "list<text>" } },
  "ks.counters": { columns: { id: "text", n: "counter" } },
};

function connected(client: Partial<HelixClientOptions> = {}, driver = {}): Promise<TwoClusters> {
  const typesOf = (query: string) => (query === APPEND ? ([{ list: "text" }, "text"] as const) : undefined);
  return TwoClusters.connected({
    client,
    driver,
    server: { tables, types: (query) => typesOf(query) ?? [] },
  });
}

const until = (describe: string, isSo: () => boolean) =>
  waitFor(isSo, { timeoutMs: 10_000, describe: () => describe });

test("what a cluster misses is held for a person, and result and payload say so", async () => {
  await using clusters = await connected({ unsafe: "hold" });
  clusters.script.B = () => reply.error(unavailable);
  const result = await clusters.client.execute(APPEND, [["a"], "1"]);
  expect(result.writes).toEqual({ A: "applied", B: "held" });
  expect(result.clusters.B).toMatchObject({ applied: "no", queued: "held", replayId: result.replayId });
  expect(clusters.queued).toMatchObject([{ disposition: "hold", tables: ["ks.lists"] }]);
  // Nothing else is.
  const { writes } = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(writes).toEqual({ A: "applied", B: "queued" });
  expect(clusters.queued[1]).not.toHaveProperty("disposition");
});

test("what is held is never said to be going to be applied, be it unconfirmed or not taken by the queue", async () => {
  await using clusters = await connected();
  for (const cluster of ["A", "B"] as const) clusters.script[cluster] = () => reply.silence;
  const unconfirmed = await errorOf(clusters.client.execute(APPEND, [["a"], "1"], { unsafe: "hold" }));
  if (!isHelixError(unconfirmed, "HELIX_OUTCOME_HELD")) throw unconfirmed;
  expect(unconfirmed.message).toContain("a person decides");
  expect(unconfirmed.message).not.toContain("will be");
  expect(unconfirmed.clusters).toMatchObject({ A: { queued: "held" }, B: { queued: "held" } });
  clusters.script.A = () => reply.void;
  clusters.replayer.refuse = () => new Error("no room");
  const notTaken = await errorOf(clusters.client.execute(APPEND, [["a"], "1"], { unsafe: "hold" }));
  if (!isHelixError(notTaken, "HELIX_REPLAY_NOT_QUEUED")) throw notTaken;
  expect(notTaken.message).toContain("could not be kept for a person");
  expect(notTaken.clusters.B?.queued).toBe("maybe");
});

test("what is to be replayed knowingly is queued as that, and told to count twice perhaps", async () => {
  await using clusters = await connected();
  for (const cluster of ["A", "B"] as const) clusters.script[cluster] = () => reply.silence;
  const error = await errorOf(clusters.client.execute(APPEND, [["a"], "1"], { unsafe: "replay" }));
  if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) throw error;
  expect(error.message).toContain("a second time");
  expect(clusters.queued).toMatchObject([{ disposition: "unsafe" }, { disposition: "unsafe" }]);
});

test("a counter batch goes out knowingly as one, and is refused otherwise", async () => {
  await using clusters = await connected();
  const count = ["UPDATE ks.counters SET n = n + 1 WHERE id = '1'"];
  const refused = await errorOf(clusters.client.batch(count, { counter: true }));
  expect(isHelixError(refused, "HELIX_NOT_REPLAYABLE")).toBe(true);
  clusters.script.B = () => reply.error(unavailable);
  const { writes } = await clusters.client.batch(count, { counter: true, unsafe: "replay" });
  expect(writes).toEqual({ A: "applied", B: "queued" });
  expect(clusters.servers.A.requests).toMatchObject([{ kind: "batch", batchType: "counter" }]);
  expect(clusters.queued).toMatchObject([{ operation: { batchType: "counter" }, disposition: "unsafe" }]);
});

test("the driver sends it once, whatever the policies of cluster and request would have it do", async () => {
  class Always extends policies.retry.RetryPolicy {
    override onUnavailable = () => this.retryResult(types.consistencies.one);
    override onReadTimeout = () => this.retryResult(types.consistencies.one);
    override onWriteTimeout = () => this.retryResult(types.consistencies.one);
    override onRequestError = () => this.retryResult(types.consistencies.one);
  }
  await using clusters = await connected(
    {},
    { policies: { retry: new Always() }, queryOptions: { isIdempotent: true } },
  );
  const timeouts: ServerError[] = [
    { code: "writeTimeout", writeType: "BATCH_LOG", received: 0, blockFor: 1 },
    { code: "readTimeout", received: 1, blockFor: 1, dataPresent: false },
    { code: "overloaded" },
  ];
  for (const timeout of timeouts) {
    clusters.script.B = () => reply.error(timeout);
    const before = clusters.servers.B.requests.length;
    const options = { unsafe: "replay", isIdempotent: true, retry: new Always() } as const;
    const { writes } = await clusters.client.execute(APPEND, [["a"], "1"], options);
    expect(writes.B).toBe("queued");
    expect(clusters.servers.B.requests.length - before).toBe(1);
  }
});

test.each(["both", "first"] as const)(
  "a slow cluster is waited for in full, whatever secondaryTimeoutMs, and with wait %s",
  async (wait) => {
    const slow = { socketOptions: { readTimeout: 10_000 } };
    await using clusters = await connected({ secondaryTimeoutMs: 1, unsafe: "replay" }, slow);
    const answers: (() => void)[] = [];
    clusters.script.B = async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return reply.void;
    };
    const controller = new AbortController();
    const call = clusters.client.execute(APPEND, [["a"], "1"], { wait, signal: controller.signal });
    await until("B has been asked", () => answers.length === 1);
    controller.abort();
    if (wait === "first") expect((await call).writes).toEqual({ A: "applied", B: "pending" });
    // What may be sent twice is not waited for any longer by now.
    await clusters.client.execute(INSERT, ["1", "a"]);
    expect(clusters.queued).toHaveLength(1);
    await until("B has been asked for both", () => answers.length === 2);
    for (const answer of answers) answer();
    if (wait === "both") expect((await call).writes).toEqual({ A: "applied", B: "applied" });
    await clusters.client.close();
    expect(clusters.queued.map(({ disposition }) => disposition)).toEqual([undefined]);
  },
);

test("a condition is never taken, and one cluster runs it", async () => {
  await using clusters = await connected({ unsafe: "replay" });
  const conditional = `${INSERT} IF NOT EXISTS`;
  const error = await errorOf(clusters.client.execute(conditional, ["1", "a"]));
  if (!isHelixError(error, "HELIX_NOT_REPLAYABLE")) throw error;
  expect(error.message).not.toContain("unsafe");
  expect(clusters.servers.A.requests).toEqual([]);
  await clusters.client.execute(conditional, ["1", "a"], { cluster: "A" });
  expect(clusters.servers.A.requests).toHaveLength(1);
});
