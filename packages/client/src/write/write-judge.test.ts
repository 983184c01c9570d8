import {
  type ClusterId,
  EventHub,
  isHelixError,
  type Operation,
  type Params,
  silentLogger,
} from "@helix/core";
import { type KeyspaceSchema, keyspaceFromRows } from "@helix/safety";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import type { ReadOptions } from "../request-options.ts";
import type { LoadOptions } from "../session/schema/cluster-schema.ts";
import type { JudgedWrite } from "./judged-write.ts";
import { WriteJudge, type WriteJudgeOptions } from "./write-judge.ts";
import { WriteTimestamps } from "./write-timestamps.ts";

const TIMEOUT_MS = 15_000;

interface Table {
  readonly columns: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** By `keyspace.table`; columns as in a CREATE statement, the partition key first. */
type Tables = Readonly<Record<string, Table>>;

const TABLES: Tables = {
  "ks.t": { columns: "k int, v text, u timeuuid, l list<text>, fl frozen<list<text>>" },
  "ks.short": { columns: "k int, v text", options: { gc_grace_seconds: 60, id: "id-of-short" } },
  "ks.expiring": { columns: "k int, v text", options: { default_time_to_live: 3600 } },
  "ks.counters": { columns: "k int, c counter", options: { flags: ["counter"] } },
  "other.t": { columns: "k int, v text" },
};

function keyspaceOf(name: string, tables: Tables, functions: readonly string[]): KeyspaceSchema {
  const all = Object.entries(tables).filter(([table]) => table.startsWith(`${name}.`));
  const isView = ([, { options }]: [string, Table]) => options?.view === true;
  const own = all.filter((table) => !isView(table));
  const shortName = (table: string) => table.slice(name.length + 1);
  return keyspaceFromRows(name, {
    tables: own.map(([table, { options }]) => ({
      table_name: shortName(table),
      default_time_to_live: 0,
      gc_grace_seconds: 864_000,
      flags: [],
      ...options,
    })),
    columns: all.flatMap(([table, { columns }]) =>
      columns.split(", ").map((column, index) => ({
        table_name: shortName(table),
        column_name: column.slice(0, column.indexOf(" ")),
        type: column.slice(column.indexOf(" ") + 1),
        kind: index === 0 ? "partition_key" : "regular",
      })),
    ),
    views: all.filter(isView).map(([table]) => ({ view_name: shortName(table) })),
    types: [],
    functions: functions.map((function_name) => ({ function_name })),
    aggregates: [],
  });
}

/** A cluster that knows what it is told, and says when it is asked. */
class FakeSchema {
  readonly asked: { readonly keyspaces: readonly string[]; readonly maxAgeMs: number | undefined }[] = [];
  answer: (keyspaces: readonly string[], options: LoadOptions) => Promise<void> = () => Promise.resolve();
  #known: ReadonlyMap<string, KeyspaceSchema> | undefined;
  #last: ReadonlyMap<string, KeyspaceSchema> | undefined;

  knows(tables: Tables | undefined, functions: readonly string[] = []): this {
    this.#known =
      tables &&
      new Map(
        ["ks", "other", ...Object.keys(tables).map((table) => table.slice(0, table.indexOf(".")))].map(
          (name) => [name, keyspaceOf(name, tables, functions)] as const,
        ),
      );
    this.#last = this.#known ?? this.#last;
    return this;
  }

  known(keyspace: string): KeyspaceSchema | undefined {
    return this.#known?.get(keyspace);
  }

  lastKnown(keyspace: string): KeyspaceSchema | undefined {
    return this.#last?.get(keyspace);
  }

  load(keyspaces: readonly string[], options: LoadOptions = {}): Promise<void> {
    this.asked.push({ keyspaces, maxAgeMs: options.maxAgeMs });
    return this.answer(keyspaces, options);
  }
}

function judging(options: Partial<WriteJudgeOptions> & { readonly keyspace?: string } = {}) {
  const clock = new ManualClock();
  const schemas = { A: new FakeSchema().knows(TABLES), B: new FakeSchema().knows(TABLES) };
  const { keyspace, ...more } = options;
  const link = (cluster: ClusterId) => ({
    schema: schemas[cluster],
    config: { keyspace },
    isAvailable: true,
  });
  const judge = new WriteJudge({
    links: { A: link("A"), B: link("B") },
    unsafe: "refuse",
    timestamps: new WriteTimestamps(clock, silentLogger, new EventHub()),
    clock,
    timeoutMs: TIMEOUT_MS,
    ...more,
  });
  return { judge, schemas, clock };
}

const statement = (query: string, params: Params = []): Operation => ({ kind: "statement", query, params });

/** What is judged without waiting for anything. */
function now(judge: WriteJudge, operation: Operation, options: ReadOptions = {}): JudgedWrite {
  const judged = judge.judge(operation, options);
  if (judged instanceof Promise) throw new Error("Not judged at once");
  return judged;
}

function refusal(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (isHelixError(error, "HELIX_NOT_REPLAYABLE")) return error;
    throw error;
  }
  throw new Error("Not refused");
}

async function rejection(judged: unknown): Promise<unknown> {
  try {
    await judged;
  } catch (error) {
    return error;
  }
  throw new Error("Not rejected");
}

const INSERT = "INSERT INTO ks.t (k, v) VALUES (?, ?)";

describe("where both clusters' tables are known", () => {
  test("a write that may be sent again goes out as it is, at once, and nobody is asked", () => {
    const { judge, schemas } = judging();
    const operation = statement(INSERT, [1, "a"]);
    const judged = now(judge, operation, { timestampMicros: 7n });
    expect(judged.operation).toBe(operation);
    expect(judged).toMatchObject({ timestampMicros: 7n, disposition: "replay" });
    expect([...schemas.A.asked, ...schemas.B.asked]).toEqual([]);
  });

  test.each(["A", "B"] as const)(
    "what was found out about a text holds until the schema of %s is another one",
    (cluster) => {
      const { judge, schemas } = judging();
      const insert = { query: INSERT, params: [1, ["a"]] };
      const operation: Operation = { kind: "statement", ...insert };
      const batch: Operation = { kind: "batch", batchType: "logged", statements: [insert, insert] };
      for (const one of [operation, batch]) expect(now(judge, one).operation).toBe(one);
      schemas[cluster].knows({ ...TABLES, "ks.t": { columns: "k int, v list<text>" } });
      for (const one of [operation, batch]) {
        expect(refusal(() => now(judge, one)).message).toContain("list");
      }
      schemas[cluster].knows({ ...TABLES, "ks.t": { columns: "k int, v text", options: { id: "anew" } } });
      expect(now(judge, operation).factsFor(cluster).schema?.tableIds).toEqual({ "ks.t": "anew" });
    },
  );

  test("a batch of texts that are plain knows of each keyspace once", () => {
    const { judge } = judging({ keyspace: "ks" });
    const texts = ["INSERT INTO short (k) VALUES (1)", INSERT, "DELETE FROM other.t WHERE k = 1", INSERT];
    const statements = texts.map((query) => ({ query, params: [] }));
    const { tables, schema } = now(judge, { kind: "batch", batchType: "unlogged", statements }).factsFor("B");
    expect(tables).toEqual(["ks.short", "ks.t", "other.t"]);
    expect(schema).toEqual({ tableIds: { "ks.short": "id-of-short" }, gcGraceSeconds: 60 });
  });

  test("its payload carries tables, ids and the least gc_grace of the cluster that it is for", () => {
    const { judge, schemas } = judging({ keyspace: "ks" });
    schemas.B.knows({ "ks.t": { columns: "k int, v text" }, "other.t": { columns: "k int, v text" } });
    const batch: Operation = {
      kind: "batch",
      batchType: "logged",
      statements: ["ks.t", "short", "other.t"].map((table) => ({
        query: `INSERT INTO ${table} (k, v) VALUES (?, ?)`,
        params: [1, "a"],
      })),
    };
    const judged = now(judge, batch);
    expect(judged.operation).toBe(batch);
    expect(judged.factsFor("A")).toEqual({
      tables: ["ks.short", "ks.t", "other.t"],
      schema: { gcGraceSeconds: 60, tableIds: { "ks.short": "id-of-short" } },
    });
    // B surely has no such table.
    expect(judged.factsFor("B")).toEqual({
      tables: ["ks.short", "ks.t", "other.t"],
      schema: { gcGraceSeconds: 864_000, tableIds: { "ks.short": null } },
    });
  });

  test.each<[string, string, Params, string, string | undefined]>([
    ["a list", "UPDATE ks.t SET l = ? WHERE k = ?", [["a"], 1], "list", "hold"],
    ["an addition to a list", "UPDATE ks.t SET l = l + ? WHERE k = ?", [["a"], 1], "list", "hold"],
    ["a counter", "UPDATE ks.counters SET c = c + 1 WHERE k = 1", [], "counter", "hold"],
    ["a condition", `${INSERT} IF NOT EXISTS`, [1, "a"], "IF", undefined],
    ["TRUNCATE", "TRUNCATE ks.t", [], "TRUNCATE", undefined],
    [
      "a system table",
      "UPDATE system.local SET cluster_name = 'x' WHERE key = 'local'",
      [],
      "system",
      undefined,
    ],
    ["what is not understood", "INSERT INTO ks.t (k, v VALUES (1, 'a')", [], "", undefined],
  ])("%s is refused with the ways out that there are", (_, query, params, construct, wayOut) => {
    const { judge } = judging();
    const error = refusal(() => judge.judge(statement(query, params), {}));
    expect(error.message).toContain(construct);
    expect(error.message).toContain('{ cluster: "A" }');
    expect(error.message.includes('unsafe: "hold"')).toBe(wayOut === "hold");
    expect(error.message.includes('unsafe: "replay"')).toBe(wayOut === "hold");
    expect(error.at).toBeGreaterThanOrEqual(0);
    for (const unsafe of wayOut === undefined ? (["hold", "replay"] as const) : []) {
      refusal(() => judge.judge(statement(query, params), { unsafe }));
    }
  });

  test.each<[string, string, Params]>([
    ["a marker without a value", "UPDATE ks.t SET v = :v WHERE k = :k", { k: 1 }],
    ["a TTL out of range", `${INSERT} USING TTL ?`, [1, "a", -1]],
    ["a column that is named twice", "INSERT INTO ks.t (k, v, v) VALUES (1, 'a', 'b')", []],
  ])(
    "%s is a mistake: refused, insisted on or not, and no way is shown to have it sent",
    (_, query, params) => {
      const { judge } = judging();
      for (const unsafe of ["refuse", "hold", "replay"] as const) {
        const error = refusal(() => judge.judge(statement(query, params), { unsafe }));
        expect(error.message).not.toContain("Knowingly");
      }
    },
  );

  test.each<[string, Tables]>([
    ["a view, as one cluster has it", { "ks.t": { columns: "k int, v text", options: { view: true } } }],
    [
      "a table of transactions",
      { "ks.t": { columns: "k int, v text", options: { transactional_mode: "full" } } },
    ],
  ])("%s is refused, insisted on or not", (_, tables) => {
    const { judge, schemas } = judging();
    schemas.B.knows(tables);
    for (const unsafe of ["refuse", "hold", "replay"] as const) {
      const error = refusal(() => judge.judge(statement(INSERT, [1, "a"]), { unsafe }));
      expect(error.message).not.toContain("unsafe:");
    }
  });

  test.each([
    ["hold", "hold"],
    ["replay", "unsafe"],
  ] as const)(
    "with unsafe %s such a write is sent as it is, and what is missed is marked",
    (unsafe, disposition) => {
      const { judge } = judging({ unsafe });
      const operation = statement("UPDATE ks.t SET l = l + ? WHERE k = ?", [["a"], 1]);
      expect(now(judge, operation)).toMatchObject({ operation, disposition });
      expect(now(judge, statement(INSERT, [1, "a"])).disposition).toBe("replay");
      refusal(() => judge.judge(operation, { unsafe: "refuse" }));
    },
  );

  test("the stricter cluster counts, whichever it is", () => {
    const { judge, schemas } = judging();
    const frozen = statement("UPDATE ks.t SET fl = ? WHERE k = ?", [["a"], 1]);
    const judged = () => now(judge, frozen);
    expect(judged().operation).toBe(frozen);
    for (const cluster of ["A", "B"] as const) {
      schemas[cluster].knows({ ...TABLES, "ks.t": { columns: "k int, fl list<text>" } });
      expect(refusal(judged).construct).toContain("list");
      schemas[cluster].knows(TABLES);
    }
  });

  test("as many statements as a batch may have are judged, and the last of them may be what is refused", () => {
    const { judge } = judging();
    const statements = Array.from({ length: 65_535 }, (_, k) => ({
      query: INSERT,
      params: [k, "a"] as unknown[],
    }));
    const batch = { kind: "batch", batchType: "unlogged", statements } as const;
    expect(now(judge, batch).factsFor("A").tables).toEqual(["ks.t"]);
    statements[65_534] = { query: "UPDATE ks.t SET l = ? WHERE k = ?", params: [["a"], 1] };
    expect(refusal(() => judge.judge(batch, {})).message).toContain("statement 65535 of the batch");
  });

  test("of a batch the member is named that is refused", () => {
    const { judge } = judging();
    const statements = [INSERT, "UPDATE ks.t SET l = ? WHERE k = ?"].map((query) => ({
      query,
      params: [["a"], 1],
    }));
    const error = refusal(() => judge.judge({ kind: "batch", batchType: "logged", statements }, {}));
    expect(error.message).toContain("statement 2 of the batch");
  });
});

describe("a function whose value would be another one on each cluster", () => {
  test("is called once, here, and its text stays the same", () => {
    const { judge } = judging();
    const operation = statement("INSERT INTO ks.t (k, u) VALUES (1, now())");
    const sent = () => {
      const judged = now(judge, operation).operation;
      if (judged.kind !== "statement" || !Array.isArray(judged.params)) throw new Error("No statement");
      expect(judged.query).toBe("INSERT INTO ks.t (k, u) VALUES (1, (timeuuid) ?)");
      return judged.params[0];
    };
    const [one, other] = [sent(), sent()];
    expect(one).toBeInstanceOf(types.TimeUuid);
    expect(String(one)).not.toBe(String(other));
  });

  test("is refused where a function of the user has its name, be it on one cluster alone", () => {
    const { judge, schemas } = judging();
    schemas.B.knows(TABLES, ["now"]);
    const operation = statement("INSERT INTO ks.t (k, u) VALUES (1, now())");
    expect(refusal(() => judge.judge(operation, {})).construct).toContain("now");
    // Insisted on, each cluster calls what it has.
    expect(now(judge, operation, { unsafe: "replay" }).operation).toEqual(operation);
  });
});

describe("the TTL that a table has by default", () => {
  const operation = statement("INSERT INTO ks.expiring (k, v) VALUES (?, ?)", [1, "a"]);

  const withDefault = (seconds: number): Tables => ({
    "ks.expiring": {
      columns: "k int, v text, l list<text>",
      options: { default_time_to_live: seconds },
    },
  });

  test.each([
    ["is said in the text", 3600, 3600, 3600],
    ["is A's where B has another", 3600, 60, 3600],
    ["is none where A has none", 0, 3600, 0],
    ["is A's where B has none", 3600, 0, 3600],
  ])("%s, so that both clusters and the payload have one", (_, A, B, seconds) => {
    const { judge, schemas } = judging({ unsafe: "replay" });
    schemas.A.knows(withDefault(A));
    schemas.B.knows(withDefault(B));
    const list = statement("INSERT INTO ks.expiring (k, l) VALUES (?, ?)", [1, ["a"]]);
    for (const one of [operation, list]) {
      const { query } = one as Extract<Operation, { kind: "statement" }>;
      expect(now(judge, one).operation).toEqual({ ...one, query: `${query} USING TTL ${seconds}` });
    }
  });

  test.each(["A", "B"] as const)(
    "counts as %s has told it last, while it has to be asked again",
    (cluster) => {
      const { judge, schemas } = judging();
      schemas.A.knows(withDefault(cluster === "A" ? 3600 : 0));
      schemas.B.knows(withDefault(cluster === "A" ? 0 : 3600));
      const { operation: before } = now(judge, operation);
      schemas[cluster].knows(undefined);
      expect(now(judge, operation).operation).toEqual(before);
      schemas[cluster].knows({});
      schemas[cluster].knows(undefined);
      expect(now(judge, operation).operation).toBe(operation);
    },
  );
});

describe("USING TIMESTAMP in the text", () => {
  const said = statement(`${INSERT} USING TIMESTAMP 42`, [1, "a"]);

  test("is the timestamp of the write, bound or not", () => {
    const { judge } = judging();
    expect(now(judge, said).timestampMicros).toBe(42n);
    const bound = statement(`${INSERT} USING TIMESTAMP ?`, [1, "a", types.Long.fromNumber(43)]);
    expect(now(judge, bound).timestampMicros).toBe(43n);
  });

  test("and another one by option are a mistake; the same one, as an error carries it, is none", () => {
    const { judge } = judging();
    expect(() => judge.judge(said, { timestampMicros: 41 })).toThrow(TypeError);
    expect(now(judge, said, { timestampMicros: 42 }).timestampMicros).toBe(42n);
  });

  test("of some members of a batch leaves the others that of the request", () => {
    const { judge } = judging();
    const plain = { query: INSERT, params: [2, "b"] };
    const own = { query: `${INSERT} USING TIMESTAMP 42`, params: [1, "a"] };
    const batch: Operation = { kind: "batch", batchType: "logged", statements: [own, plain] };
    expect(now(judge, batch, { timestampMicros: 7 }).timestampMicros).toBe(7n);
    const all: Operation = { ...batch, statements: [own, own] };
    expect(now(judge, all).timestampMicros).toBe(42n);
  });
});

describe("where a table is not known yet", () => {
  const operation = statement(INSERT, [1, "a"]);

  test.each(["A", "B"] as const)(
    "what %s alone knows is enough, and the other one is asked aside",
    async (cluster) => {
      const { judge, schemas } = judging();
      const other = schemas[cluster === "A" ? "B" : "A"].knows(undefined);
      let answered = () => {};
      other.answer = () =>
        new Promise((resolve) => {
          answered = resolve;
        });
      expect(now(judge, operation).operation).toBe(operation);
      expect(now(judge, operation).factsFor(cluster === "A" ? "B" : "A")).toEqual({
        tables: ["ks.t"],
        schema: { tableIds: {} },
      });
      expect(other.asked).toHaveLength(1);
      answered();
      await settle();
      now(judge, operation);
      expect(other.asked).toHaveLength(2);
    },
  );

  test("both are asked, and the first that says it is enough", async () => {
    const { judge, schemas, clock } = judging();
    schemas.A.knows(undefined).answer = () => new Promise(() => {});
    schemas.B.knows(undefined).answer = async () => void schemas.B.knows(TABLES);
    const judged = await judge.judge(operation, {});
    expect(judged.operation).toBe(operation);
    expect(schemas.A.asked).toEqual([
      { keyspaces: ["ks"], maxAgeMs: undefined },
      { keyspaces: ["ks"], maxAgeMs: undefined },
    ]);
    expect(clock.timers).toBe(0);
  });

  test("a batch over ten keyspaces asks for all of them at once, and one that knows half of them for the rest as well", async () => {
    const names = Array.from({ length: 10 }, (_, n) => `ks${n}`);
    const { judge, schemas } = judging();
    const statements = names.map((name) => ({
      query: `INSERT INTO ${name}.t (k, v) VALUES (?, ?)`,
      params: [1, "a"],
    }));
    const tablesOf = (some: readonly string[]) =>
      Object.fromEntries(some.map((name) => [`${name}.t`, { columns: "k int, v text" }]));
    schemas.A.knows(tablesOf(names.slice(0, 5)));
    schemas.B.knows(undefined).answer = async () => void schemas.B.knows(tablesOf(names));
    const judged = await judge.judge({ kind: "batch", batchType: "logged", statements }, {});
    expect(judged.factsFor("B").tables).toEqual(names.map((name) => `${name}.t`));
    expect(schemas.B.asked[0]).toEqual({ keyspaces: names, maxAgeMs: undefined });
  });

  test("nothing is sent where neither says it, and both causes are told", async () => {
    const { judge, schemas } = judging();
    for (const cluster of ["A", "B"] as const) {
      schemas[cluster].knows(undefined).answer = () => Promise.reject(new Error(`${cluster} is away`));
    }
    const error = await rejection(judge.judge(operation, { timestampMicros: 7 }));
    if (!isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")) throw error;
    expect(error.timestampMicros).toBe(7n);
    expect(error.clusters).toMatchObject({
      A: { applied: "no", queued: "no", cause: { message: "A is away" } },
      B: { applied: "no", queued: "no", cause: { message: "B is away" } },
    });
  });

  test("clusters that hang are given up after the time of a request, and close ends the waiting", async () => {
    const { judge, schemas, clock } = judging();
    const hang = () => new Promise<void>(() => {});
    schemas.A.knows(undefined).answer = hang;
    schemas.B.knows(undefined).answer = hang;
    const late = rejection(judge.judge(operation, {}));
    await clock.advance(TIMEOUT_MS);
    expect(isHelixError(await late, "HELIX_BOTH_CLUSTERS_FAILED")).toBe(true);
    const closed = rejection(judge.judge(operation, {}));
    const aborted = rejection(judge.judge(operation, { signal: AbortSignal.abort("enough") }));
    expect(await aborted).toBe("enough");
    judge.close();
    expect(isHelixError(await closed, "HELIX_CLIENT_CLOSED")).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("a table that no cluster has is refused after a fresh look, which says where and when", async () => {
    const { judge, schemas } = judging();
    schemas.B.answer = () => Promise.reject(new Error("B is away"));
    const unknown = statement("INSERT INTO ks.tt (k, v) VALUES (?, ?)", [1, "a"]);
    const error = await rejection(judge.judge(unknown, { unsafe: "replay" }));
    if (!isHelixError(error, "HELIX_NOT_REPLAYABLE")) throw error;
    expect(error.message).toContain("ks.tt");
    expect(error.message).toContain("on A at 2025-11-24T16:00:00.000Z");
    expect(error.message).toContain("B could not be asked");
    expect(schemas.A.asked).toEqual([{ keyspaces: ["ks"], maxAgeMs: 100 }]);
  });

  test("a table that is made meanwhile is found by the fresh look", async () => {
    const { judge, schemas } = judging();
    schemas.B.answer = async () => void schemas.B.knows({ "ks.tt": { columns: "k int, v text" } });
    const unknown = statement("INSERT INTO ks.tt (k, v) VALUES (?, ?)", [1, "a"]);
    expect((await judge.judge(unknown, {})).operation).toBe(unknown);
  });

  test("what is insisted on waits as well, since the table may be one on which nobody may", async () => {
    const { judge, schemas } = judging({ unsafe: "replay" });
    const append = statement("UPDATE ks.t SET l = l + ['a'] WHERE k = 1");
    schemas.A.knows(undefined);
    schemas.B.knows(undefined).answer = async () => void schemas.B.knows(TABLES);
    const judged = judge.judge(append, {});
    expect(judged).toBeInstanceOf(Promise);
    expect(await judged).toMatchObject({ operation: append, disposition: "unsafe" });
  });

  test("a table without a keyspace is refused where no session has one", async () => {
    const { judge } = judging();
    const error = await rejection(judge.judge(statement("INSERT INTO t (k, v) VALUES (?, ?)", [1, "a"]), {}));
    if (!isHelixError(error, "HELIX_NOT_REPLAYABLE")) throw error;
    expect(error.message).toContain("keyspace");
  });

  test("what the text alone refuses is refused at once", () => {
    const { judge, schemas } = judging();
    schemas.A.knows(undefined);
    schemas.B.knows(undefined);
    refusal(() => judge.judge(statement("TRUNCATE ks.t"), { unsafe: "replay" }));
    refusal(() => judge.judge(statement(`${INSERT} IF NOT EXISTS`, [1, "a"]), {}));
  });
});
