import { createPayload, isHelixError, type ReplayExecutor } from "@helix/core";
import { type CqlRequest, cell, reply } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const NAMED_TWICE = "INSERT INTO ks.t (id, v, w) VALUES (:id, :v, :v)";
const signal = new AbortController().signal;

type Types = NonNullable<
  NonNullable<NonNullable<Parameters<typeof TwoClusters.start>[0]>["server"]>["types"]
>;
type ColumnType = ReturnType<Types>[number];

const address = (...fields: string[]): ColumnType => ({
  udt: { keyspace: "ks", name: "address", fields: fields.map((name) => ({ name, type: "text" })) },
});
const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};
const fieldsOf = (...texts: string[]) =>
  Buffer.concat(texts.flatMap((text) => [cell.int(text.length), Buffer.from(text)]));

/** Two clusters whose column `v` has a type that a test may change. */
class ChangingClusters implements AsyncDisposable {
  readonly clusters: TwoClusters;
  #type: { v: ColumnType };

  private constructor(clusters: TwoClusters, type: { v: ColumnType }) {
    this.clusters = clusters;
    this.#type = type;
  }

  static async with(v: ColumnType): Promise<ChangingClusters> {
    const type = { v };
    const clusters = await TwoClusters.connected({ server: { types: () => ["int", type.v, "bigint"] } });
    return new ChangingClusters(clusters, type);
  }

  change(v: ColumnType): void {
    this.#type.v = v;
  }

  get last(): CqlRequest | undefined {
    return this.clusters.servers.B.requests.at(-1);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.clusters[Symbol.asyncDispose]();
  }
}

type Send = (executor: ReplayExecutor, value: unknown, query?: string) => Promise<void>;

const params = (value: unknown, query: string) => (query === INSERT ? [1, value] : { id: 1, v: value });
const SENDS: readonly [string, Send][] = [
  [
    "a statement",
    (executor, value, query = INSERT) => {
      const operation = { kind: "statement", query, params: params(value, query) } as const;
      return executor.execute(createPayload({ targetCluster: "B", operation, timestampMicros: 1n }), {
        signal,
      });
    },
  ],
  [
    "a batch",
    (executor, value, query = INSERT) => {
      const statements = [{ query, params: params(value, query) }];
      const operation = { kind: "batch", batchType: "unlogged", statements } as const;
      return executor.execute(createPayload({ targetCluster: "B", operation, timestampMicros: 1n }), {
        signal,
      });
    },
  ],
];

describe.each(SENDS)("a replay, of %s, that was prepared when the columns were others", (_, send) => {
  test("sends a field that was added since, and prepares anew once for it", async () => {
    await using changing = await ChangingClusters.with(address("street"));
    const executor = changing.clusters.client.replayExecutor();
    await send(executor, { street: "s" });
    changing.change(address("street", "zip"));
    await send(executor, { street: "s", zip: "z" });
    expect(changing.last?.statements[0]?.values[1]).toEqual(fieldsOf("s", "z"));
    expect(changing.clusters.servers.B.prepares).toHaveLength(2);
  });

  test("is not sent without a field that the type still lacks, and may be tried later", async () => {
    await using changing = await ChangingClusters.with(address("street"));
    const executor = changing.clusters.client.replayExecutor();
    await send(executor, { street: "s" });
    const error = await errorOf(send(executor, { street: "s", zip: "z" }));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID") && error.path).toMatch(/params\[1\]\{1\}$/);
    expect(executor.read?.(error)).toMatchObject({ retry: "later", scope: "value" });
    expect(changing.clusters.servers.B.requests).toHaveLength(1);
    changing.change(address("street", "zip"));
    await send(executor, { street: "s", zip: "z" });
    expect(changing.last?.statements[0]?.values[1]).toEqual(fieldsOf("s", "z"));
  });

  test("sends what the column takes now, which the earlier one refused", async () => {
    await using changing = await ChangingClusters.with("inet");
    const executor = changing.clusters.client.replayExecutor();
    expect(executor.read?.(await errorOf(send(executor, 5)))).toMatchObject({
      retry: "never",
      scope: "value",
    });
    changing.change("int");
    await send(executor, 5);
    expect(changing.last?.statements[0]?.values).toEqual([cell.int(1), cell.int(5)]);
  });

  test("is sent again by the new type where the server refuses the bytes of the old one", async () => {
    await using changing = await ChangingClusters.with("int");
    const executor = changing.clusters.client.replayExecutor();
    await send(executor, 5);
    changing.change("bigint");
    changing.clusters.script.B = ({ statements }) =>
      statements[0]?.values[1]?.length === 8
        ? reply.void
        : reply.error({ code: "invalid", message: "Expected 8 or 0 byte long (4)" });
    await send(executor, 5);
    expect(changing.last?.statements[0]?.values[1]).toEqual(cell.bigint(5n));
  });

  test("is bound by the new types where the server asks to prepare it while it is on its way", async () => {
    await using changing = await ChangingClusters.with("bigint");
    const executor = changing.clusters.client.replayExecutor();
    await send(executor, 5, NAMED_TWICE);
    changing.change("double");
    changing.clusters.servers.B.forgetPrepared();
    await send(executor, 5, NAMED_TWICE);
    expect(changing.last?.statements[0]?.values).toEqual([cell.int(1), double(5), cell.bigint(5n)]);
    expect(changing.clusters.servers.B.prepares).toHaveLength(2);
  });
});

describe("a write by a session that prepared the statement when the columns were others", () => {
  test.each<[string, (clusters: TwoClusters, value: unknown) => Promise<unknown>]>([
    ["a statement", ({ client }, value) => client.execute(INSERT, [1, value])],
    ["a batch", ({ client }, value) => client.batch([{ query: INSERT, params: [1, value] }])],
  ])("has a field that was added since, at the first try: %s", async (_, write) => {
    await using changing = await ChangingClusters.with(address("street"));
    await write(changing.clusters, { street: "s" });
    changing.change(address("street", "zip"));
    await write(changing.clusters, { street: "s", zip: "z" });
    for (const { requests } of Object.values(changing.clusters.servers)) {
      expect(requests.map(({ statements }) => statements[0]?.values[1])).toEqual([
        fieldsOf("s"),
        fieldsOf("s", "z"),
      ]);
    }
    expect(changing.clusters.queued).toEqual([]);
  });
});
