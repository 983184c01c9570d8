import { decodePayload, encodePayload } from "@helix/codec";
import { type CqlRequest, cell } from "@helix/testkit";
import { type ClientOptions, ExecutionProfile, policies, type QueryOptions, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { connectReplayExecutor, HelixClient } from "../src/index.ts";
import { driverOptions, errorOf, TwoClusters, type TwoClustersOptions } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const server = { types: () => ["int", "text"] as const };
const signal = new AbortController().signal;

type Encoding = NonNullable<ClientOptions["encoding"]>;
type Write = (client: HelixClient, params: unknown[], options?: object) => Promise<unknown>;

const statement: Write = (client, params, options) => client.execute(INSERT, params, options);
const batch: Write = (client, params, options) => client.batch([{ query: INSERT, params }], options);

const { MonotonicTimestampGenerator } = policies.timestampGeneration;
const yesterday = Object.assign(Reflect.construct(MonotonicTimestampGenerator, []), { next: () => 1 });

/** What is the same of a write on a cluster and of its replay on the other. */
function sameOf({ statements, kind, batchType, timestamp, consistency }: CqlRequest): object {
  return { statements, kind, batchType, timestamp, consistency };
}

/** Writes while B is away, and replays what was queued by a pod of other options of the driver. */
async function missedByB(
  options: TwoClustersOptions,
  pod: Partial<ClientOptions>,
  write: (client: HelixClient) => Promise<unknown>,
): Promise<Record<"A" | "B", object[]>> {
  await using clusters = await TwoClusters.start({ server, ...options });
  const { A, B } = clusters.servers;
  await B.setDown();
  await clusters.client.connect();
  await write(clusters.client);
  const payloads = clusters.queued.map((payload) => decodePayload(encodePayload(payload)));
  await B.setUp();
  await using executor = await connectReplayExecutor({
    clusters: { A: driverOptions(A, pod), B: driverOptions(B, pod) },
    waitFor: "all",
  });
  for (const payload of payloads) await executor.execute(payload, { signal });
  return { A: A.requests.map(sameOf), B: B.requests.map(sameOf) };
}

describe("an option of the driver's, in a write to both clusters", () => {
  type Same = { readonly same: unknown };
  type Refused = { readonly refused: unknown };
  /** Of each, a value, and what becomes of it: a replay sends the same, or nothing is sent. */
  const DECISIONS: { readonly [K in keyof Required<QueryOptions>]: Same | Refused } = {
    autoPage: { same: true },
    captureStackTrace: { same: true },
    consistency: { same: types.consistencies.two },
    counter: { refused: true },
    customPayload: { refused: { key: Buffer.from("value") } },
    executionProfile: { same: "careful" },
    fetchSize: { same: 7 },
    hints: { refused: ["int", "text"] },
    host: { refused: {} },
    isIdempotent: { same: false },
    keyspace: { same: "other" },
    logged: { same: false },
    pageState: { same: null },
    prepare: { refused: false },
    readTimeout: { same: 299 },
    retry: { same: new policies.retry.RetryPolicy() },
    routingIndexes: { same: [0] },
    routingKey: { same: Buffer.from("key") },
    routingNames: { same: ["id"] },
    serialConsistency: { same: types.consistencies.localSerial },
    timestamp: { same: types.Long.fromString("1764000000123456") },
    traceQuery: { same: true },
  };
  /** The others are options of both. */
  const ONE_WRITE: Readonly<Record<string, Write>> = {
    autoPage: statement,
    fetchSize: statement,
    pageState: statement,
    counter: batch,
    logged: batch,
  };
  const driver = {
    // One for each cluster: the driver puts its own policies into it.
    get profiles() {
      return [new ExecutionProfile("careful", { consistency: types.consistencies.quorum })];
    },
  };
  const cases = Object.entries(DECISIONS).map(([option, decision]) => {
    const only = ONE_WRITE[option];
    const writes = only === undefined ? [statement, batch] : [only];
    const isRefused = "refused" in decision;
    return { option, writes, isRefused, value: isRefused ? decision.refused : decision.same };
  });

  test.each(cases.filter(({ isRefused }) => isRefused))(
    "is refused before anything is sent: $option",
    async ({ option, value, writes }) => {
      await using clusters = await TwoClusters.connected({ server });
      for (const write of writes) {
        const error = await errorOf(write(clusters.client, [1, "a"], { [option]: value }));
        expect(error).toMatchObject({ name: option === "counter" ? "HelixError" : "TypeError" });
        expect(String(error)).toContain(option);
      }
      expect(clusters.servers.A.requests).toEqual([]);
      expect(clusters.servers.A.prepares).toEqual([]);
    },
  );

  test.each(cases.filter(({ isRefused }) => !isRefused))(
    "sends the same to the one that missed it: $option",
    async ({ option, value, writes }) => {
      const { A, B } = await missedByB({ driver }, {}, async (client) => {
        for (const write of writes) await write(client, [1, "a"], { [option]: value });
      });
      expect(A).toHaveLength(writes.length);
      expect(B).toEqual(A);
    },
  );
});

test.each<[string, Partial<ClientOptions>]>([
  ["queryOptions.prepare", { queryOptions: { prepare: false } }],
  ["queryOptions.consistency", { queryOptions: { consistency: types.consistencies.two } }],
  ["queryOptions.hints", { queryOptions: { hints: ["text", "int"] } }],
  ["queryOptions.logged", { queryOptions: { logged: false } }],
  ["queryOptions.timestamp", { queryOptions: { timestamp: 1 } }],
  ["policies.timestampGeneration", { policies: { timestampGeneration: yesterday } }],
])("an option of both clusters changes no replay by a pod without it: %s", async (_, driver) => {
  const { A, B } = await missedByB({ driver }, {}, async (client) => {
    for (const write of [statement, batch]) await write(client, [1, "a"]);
  });
  expect(A).toHaveLength(2);
  expect(B).toEqual(A);
});

describe("`prepare: false` in a write", () => {
  test("is the caller's business without parameters, or on one cluster alone", async () => {
    await using clusters = await TwoClusters.connected({ server });
    const { client, servers } = clusters;
    await client.execute("INSERT INTO ks.t (id) VALUES (1)", [], { prepare: false });
    await client.batch(["INSERT INTO ks.t (id) VALUES (1)"], { prepare: false });
    await client.execute(INSERT, [1, "a"], { prepare: false, cluster: "A" });
    await client.execute("SELECT v FROM ks.t WHERE id = ?", [1], { prepare: false });
    expect([servers.A.requests.length, servers.B.requests.length]).toEqual([4, 2]);
  });
});

describe("undefined", () => {
  const NULLED: Encoding = { useUndefinedAsUnset: false };
  const modes: readonly [string, Encoding, null | undefined][] = [
    ["null, with the driver's `useUndefinedAsUnset: false`", NULLED, null],
    ["unset, by the driver's default", {}, undefined],
  ];

  test.each(
    modes.flatMap(([name, encoding, sent]) =>
      [{}, NULLED].map((pod) => ({ name, encoding, sent, pod, podName: JSON.stringify(pod) })),
    ),
  )(
    "is $name, on both clusters, whatever the pod that replays has: $podName",
    async ({ encoding, sent, pod }) => {
      const { A, B } = await missedByB({ driver: { encoding } }, { encoding: pod }, async (client) => {
        for (const write of [statement, batch]) await write(client, [1, undefined]);
        await client.execute("INSERT INTO ks.t (id, v) VALUES (:id, :v)", { id: 1, v: undefined });
      });
      expect(B).toEqual(A);
      const values = (A as Pick<CqlRequest, "statements">[]).map(({ statements }) => statements[0]?.values);
      expect(values).toEqual(Array(3).fill([cell.int(1), sent]));
    },
  );
});

describe("options of two clusters that make different writes of one", () => {
  /** Of each, another value than the default; what only results have may differ. */
  const OPTIONS: { readonly [K in keyof Required<Encoding>]: readonly [Encoding[K], mayDiffer: boolean] } = {
    map: [Map, false],
    set: [Set, false],
    copyBuffer: [false, true],
    useUndefinedAsUnset: [false, false],
    useBigIntAsLong: [true, false],
    useBigIntAsVarint: [true, false],
  };
  const at = (options: ClientOptions) => ({
    contactPoints: ["127.0.0.1"],
    localDataCenter: "dc1",
    ...options,
  });
  const create = (A: ClientOptions, B: ClientOptions) =>
    new HelixClient({ clusters: { A: at(A), B: () => at(B) } });

  test.each(Object.entries(OPTIONS))(
    "are refused by the constructor, unless only results differ: %s",
    (name, [value, mayDiffer]) => {
      const encoding = { [name]: value };
      create({ encoding }, { encoding });
      if (mayDiffer) create({ encoding }, {});
      else expect(() => create({ encoding }, {})).toThrow(`Expected \`clusters.A.encoding.${name}\``);
    },
  );

  test("are refused by the constructor: the default of a batch, and a protocol without unset", () => {
    expect(() => create({ queryOptions: { logged: false } }, {})).toThrow("clusters.A.queryOptions.logged");
    expect(() => create({ protocolOptions: { maxVersion: 3 } }, {})).toThrow(
      "clusters.A.protocolOptions.maxVersion",
    );
  });
});
