import {
  createPayload,
  type Disposition,
  isHelixError,
  type Operation,
  type PayloadInput,
  type Statement,
  type WrittenSchema,
} from "@helix/core";
import {
  type ColumnSchema,
  type KeyspaceSchema,
  readSchema,
  type Schema,
  type TableSchema,
} from "@helix/safety";
import { types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { type ReplayFacts, replayable } from "./replayable.ts";

const DAY_MS = 86_400_000;
const WRITTEN_AT_MS = Date.UTC(2026, 5, 1);
/** As the client makes them. */
const MADE = BigInt(WRITTEN_AT_MS) * 1_000n + 123n;
/** Made long before the write. */
const ID = idAt(WRITTEN_AT_MS - 100 * DAY_MS);
const OTHER_ID = idAt(WRITTEN_AT_MS - 50 * DAY_MS);

const TABLES = `
  CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
  CREATE TABLE ks.t (k int PRIMARY KEY, v text, n int, s set<text>, m map<text, int>, l list<text>, tu timeuuid);
  CREATE TABLE ks.expiring (k int PRIMARY KEY, v text) WITH default_time_to_live = 3600;
  CREATE TABLE ks.short (k int PRIMARY KEY, v text) WITH gc_grace_seconds = 3600;
  CREATE TABLE ks.nograce (k int PRIMARY KEY, v text) WITH gc_grace_seconds = 0;
  CREATE TABLE ks.c (k int PRIMARY KEY, c counter);
  CREATE MATERIALIZED VIEW ks.w AS SELECT * FROM ks.t WHERE k IS NOT NULL PRIMARY KEY (k);`;

function idAt(ms: number): string {
  return types.TimeUuid.fromDate(new Date(ms), 0, Buffer.from("nodeid"), "sc").toString();
}

/** The tables above, all with that id. */
function schemaWith(id: string): Schema {
  const read = readSchema(TABLES).keyspace("ks") as KeyspaceSchema;
  const tables = new Map([...read.tables].map(([name, table]) => [name, { ...table, id }]));
  return { keyspace: (name) => (name === "ks" ? { ...read, tables } : undefined) };
}

const KNOWN = schemaWith(ID);

interface Case {
  readonly ageMs?: number;
  readonly disposition?: Disposition;
  readonly written?: WrittenSchema;
  readonly schema?: Schema;
  readonly truncatedAtMs?: number;
  readonly clockOffsetMs?: number;
  readonly timestampMicros?: bigint;
}

function replay(
  operation: Operation,
  {
    ageMs = 1_000,
    disposition,
    written,
    schema,
    truncatedAtMs,
    clockOffsetMs,
    timestampMicros = MADE,
  }: Case = {},
) {
  const input: PayloadInput = {
    targetCluster: "B",
    operation,
    timestampMicros,
    writtenAtMs: WRITTEN_AT_MS,
  };
  const facts: ReplayFacts = {
    schema: schema ?? KNOWN,
    keyspace: "ks",
    times: { truncatedAtMs: (id) => (id === ID ? truncatedAtMs : undefined), clockOffsetMs },
    nowMs: WRITTEN_AT_MS + ageMs,
  };
  return replayable(createPayload({ ...input, disposition, schema: written }), facts);
}

function statement(query: string, params: Statement["params"] = []): Operation {
  return { kind: "statement", query, params };
}

/** `sent`, or the code and the fields of the error. */
function outcome(operation: Operation, more?: Case): unknown {
  try {
    replay(operation, more);
    return "sent";
  } catch (error) {
    if (!isHelixError(error)) throw error;
    return Object.fromEntries(Object.entries(error).filter(([field]) => field !== "name"));
  }
}

const INSERT = statement("INSERT INTO t (k, v) VALUES (?, ?)", [1, "a"]);
const DELETE = statement("DELETE FROM t WHERE k = ?", [1]);

describe("what is refused", () => {
  test.each([
    ["UPDATE t SET l = l + ['a'] WHERE k = 1", undefined],
    ["UPDATE t SET l = ['a'] WHERE k = 1", undefined],
    ["UPDATE c SET c = c + 1 WHERE k = 1", undefined],
    ["INSERT INTO t (k, tu) VALUES (1, now())", "a call of now()"],
  ])("%s is not sent, unless somebody said so", (query, construct) => {
    const refusal = outcome(statement(query));
    expect(refusal).toMatchObject({
      code: "HELIX_NOT_REPLAYABLE",
      construct: construct ?? expect.any(String),
    });
    expect(refusal).toMatchObject({ at: expect.any(Number), why: expect.any(String) });
    expect(outcome(statement(query), { disposition: "unsafe" })).toBe("sent");
    expect(outcome(statement(query), { disposition: "force" })).toBe("sent");
  });

  test.each([
    "INSERT INTO t (k, v) VALUES (1, 'a') IF NOT EXISTS",
    "BEGIN BATCH UPDATE t SET v = 'a' WHERE k = 1 IF EXISTS; APPLY BATCH",
    "TRUNCATE t",
    "DROP TABLE t",
    "USE other",
    "/* ; */ uSe other;",
    "SELECT * FROM t",
    "GRANT ALL ON ALL KEYSPACES TO eve",
    "UPDATE system.local SET cluster_name = 'x' WHERE key = 'local'",
    "UPDATE w SET v = 'a' WHERE k = 1",
    "what is this?",
  ])("%s is not sent, whoever says so", (query) => {
    for (const disposition of ["replay", "unsafe", "force"] as const) {
      expect(outcome(statement(query), { disposition })).toMatchObject({ code: "HELIX_NOT_REPLAYABLE" });
      const operation = { kind: "batch", batchType: "logged", statements: [INSERT, statement(query)] };
      expect(outcome(operation as Operation, { disposition })).toMatchObject({
        code: "HELIX_NOT_REPLAYABLE",
      });
    }
  });

  test("one statement is enough for a batch", () => {
    const statements = [INSERT as Statement, { query: "UPDATE t SET l = ? WHERE k = 1", params: [["a"]] }];
    expect(outcome({ kind: "batch", batchType: "unlogged", statements })).toMatchObject({
      code: "HELIX_NOT_REPLAYABLE",
    });
  });
});

describe("what the cluster lacks is waited for", () => {
  const dispositions = ["replay", "unsafe", "force"] as const;
  test.each(dispositions)("a table, or a keyspace (%s)", (disposition) => {
    const unknown = (table: string) => ({ code: "HELIX_SCHEMA_UNKNOWN", cluster: "B", table });
    expect(outcome(statement("DELETE FROM gone WHERE k = 1"), { disposition })).toEqual(unknown("ks.gone"));
    expect(outcome(statement("DELETE FROM no.t WHERE k = 1"), { disposition })).toEqual(unknown("no.t"));
  });

  test("a column", () => {
    expect(outcome(statement("UPDATE t SET later = 1 WHERE k = 1"))).toEqual({
      ...{ code: "HELIX_SCHEMA_UNKNOWN", cluster: "B", table: "ks.t" },
    });
  });

  test("but not by what is refused whatever the schema", () => {
    expect(outcome(statement("UPDATE gone SET v = 1 WHERE k = 1 IF EXISTS"))).toMatchObject({
      code: "HELIX_NOT_REPLAYABLE",
    });
  });
});

describe("a column that was dropped and added again", () => {
  const ks = KNOWN.keyspace("ks") as KeyspaceSchema;
  const t = ks.tables.get("t") as TableSchema;
  const v = { ...(t.columns.get("v") as ColumnSchema), droppedAtMs: WRITTEN_AT_MS };
  const tables = new Map(ks.tables).set("t", { ...t, columns: new Map(t.columns).set("v", v) });
  const schema: Schema = { keyspace: () => ({ ...ks, tables }) };
  const gone = { code: "HELIX_TABLE_GONE", table: "ks.t", change: "column-dropped" };
  const droppedAt = BigInt(WRITTEN_AT_MS) * 1_000n;
  const before = { schema, timestampMicros: droppedAt + 999n };
  const batch = (query: string) => `BEGIN BATCH DELETE FROM t WHERE k = 2; ${query}; APPLY BATCH`;

  test.each([
    "INSERT INTO t (k, v) VALUES (1, 'a')",
    `INSERT INTO ks.t JSON '{"k": 1, "v": "a"}'`,
    "UPDATE t SET v = 'a' WHERE k = 1",
    "UPDATE t SET n = 1, v = 'a' WHERE k = 1",
  ])("hides what was written before: %s is not sent, unless it is forced", (query) => {
    for (const text of [query, batch(query)]) {
      expect(outcome(statement(text), before)).toEqual(gone);
      expect(outcome(statement(text), { ...before, disposition: "unsafe" })).toEqual(gone);
      expect(outcome(statement(text), { ...before, disposition: "force" })).toBe("sent");
      expect(outcome(statement(text), { schema, timestampMicros: droppedAt + 1_000n })).toBe("sent");
    }
  });

  test("is told by what the cluster compares: the write may be later, with an older timestamp or by another clock", () => {
    const old = { schema, timestampMicros: droppedAt - 1n };
    const write = () => replay(statement("UPDATE t SET v = 'a' WHERE k = 1"), old);
    expect(write).toThrow("on cluster B at a time after the timestamp of this write");
  });

  test.each([
    "INSERT INTO t (k, n) VALUES (1, 1)",
    "UPDATE t SET n = 1 WHERE k = 1",
    "UPDATE t SET v = null WHERE k = 1",
    "DELETE v FROM t WHERE k = 1",
  ])("is no reason to keep %s", (query) => {
    expect(outcome(statement(query), before)).toBe("sent");
  });
});

describe("a table that is another one now", () => {
  const gone = (change: string) => ({ code: "HELIX_TABLE_GONE", table: "ks.t", change });
  const knew = (id: string | null) => ({ tableIds: { "ks.t": id } });
  const young = schemaWith(idAt(WRITTEN_AT_MS + 10_001));
  const rows: [string, Case, unknown][] = [
    ["has the id that the write knew", { written: knew(ID) }, "sent"],
    ["has another id", { written: knew(OTHER_ID) }, gone("recreated")],
    [
      "was there before the write, which knew the one before: its cluster was away, and told nobody",
      { written: knew(ID), schema: schemaWith(OTHER_ID) },
      "sent",
    ],
    [
      "has another id, and was made so shortly before the write that clocks may differ by it",
      { written: knew(ID), schema: schemaWith(idAt(WRITTEN_AT_MS - 60_000)) },
      gone("recreated"),
    ],
    [
      "has another id, and was made before the write by a clock that is behind",
      { written: knew(ID), schema: schemaWith(idAt(WRITTEN_AT_MS - 70_000)), clockOffsetMs: -10_001 },
      gone("recreated"),
    ],
    [
      "has another id, which says no time",
      { written: knew(ID), schema: schemaWith("6f1b1c2e-1111-4222-8333-444455556666") },
      gone("recreated"),
    ],
    ["was surely not there at the write", { written: knew(null), schema: young }, "sent"],
    ["is younger than a write that knew no id", { schema: young }, gone("recreated")],
    ["is younger by what clocks may differ", { schema: schemaWith(idAt(WRITTEN_AT_MS + 10_000)) }, "sent"],
    ["has an id that says no time", { schema: schemaWith("6f1b1c2e-1111-4222-8333-444455556666") }, "sent"],
    ["was truncated after the write", { truncatedAtMs: WRITTEN_AT_MS + 1 }, gone("truncated")],
    ["was truncated before the write", { truncatedAtMs: WRITTEN_AT_MS }, "sent"],
    [
      "was truncated after the write, on a cluster whose clock is ahead",
      { truncatedAtMs: WRITTEN_AT_MS + 1, clockOffsetMs: 60_001 },
      gone("truncated"),
    ],
    [
      "was truncated before the write, on a cluster whose clock is behind",
      { truncatedAtMs: WRITTEN_AT_MS, clockOffsetMs: -60_001 },
      "sent",
    ],
    [
      "is younger than a write that knew no id, by a clock that is behind",
      { schema: schemaWith(idAt(WRITTEN_AT_MS)), clockOffsetMs: -10_001 },
      gone("recreated"),
    ],
    [
      "was truncated at the write, by a clock that may be right",
      { truncatedAtMs: WRITTEN_AT_MS, clockOffsetMs: -1_000 },
      "sent",
    ],
  ];

  test.each(rows)("%s", (_what, more, expected) => {
    for (const operation of [INSERT, DELETE]) {
      expect(outcome(operation, more)).toEqual(expected);
      expect(outcome(operation, { ...more, disposition: "unsafe" })).toEqual(expected);
      expect(outcome(operation, { ...more, disposition: "force" })).toBe("sent");
    }
  });
});

test("a write that is dated more than a day ahead waits, unless it is forced", () => {
  const ahead = { code: "HELIX_PAYLOAD_INVALID", path: "writtenAtMs", retry: "later" };
  expect(outcome(INSERT, { ageMs: -DAY_MS })).toBe("sent");
  expect(outcome(INSERT, { ageMs: -DAY_MS - 1 })).toEqual(ahead);
  expect(outcome(INSERT, { ageMs: -DAY_MS - 1, disposition: "unsafe" })).toEqual(ahead);
  expect(outcome(INSERT, { ageMs: -DAY_MS - 1, disposition: "force" })).toBe("sent");
});

describe("by its age", () => {
  const write = (table: string) => statement(`UPDATE ${table} SET v = 'a' WHERE k = 1`);
  const remove = (table: string) => statement(`UPDATE ${table} SET v = null WHERE k = 1`);
  const old = (table: string, ageMs: number, gcGraceSeconds: number) => ({
    ...{ code: "HELIX_REPLAY_TOO_OLD", table, ageMs, gcGraceSeconds },
  });
  const tenDays = 10 * DAY_MS;
  const rows: [string, string, number, WrittenSchema | undefined, unknown][] = [
    ["a minute less than gc_grace", "t", tenDays - 60_001, undefined, "sent"],
    [
      "gc_grace, less a minute for the clocks",
      "t",
      tenDays - 60_000,
      undefined,
      old("ks.t", tenDays - 60_000, 864_000),
    ],
    ["long ago", "t", 400 * DAY_MS, undefined, old("ks.t", 400 * DAY_MS, 864_000)],
    ["more than the gc_grace that was", "t", 90_000, { gcGraceSeconds: 100 }, old("ks.t", 90_000, 100)],
    ["a tenth less than the gc_grace that was", "t", 89_999, { gcGraceSeconds: 100 }, "sent"],
    [
      "less than the gc_grace that was, more than it is",
      "short",
      3_600_000,
      { gcGraceSeconds: 864_000 },
      old("ks.short", 3_600_000, 3_600),
    ],
    ["anything, where deletes are forgotten at once", "nograce", 0, undefined, old("ks.nograce", 0, 0)],
    [
      "less than nothing there, by a clock that is behind",
      "nograce",
      -5_000,
      undefined,
      old("ks.nograce", 0, 0),
    ],
  ];

  test.each(rows)("a write that is %s old", (_age, table, ageMs, written, expected) => {
    const more = { ageMs, ...(written !== undefined && { written }) };
    expect(outcome(write(table), more)).toEqual(expected);
    expect(outcome(write(table), { ...more, disposition: "unsafe" })).toEqual(expected);
    expect(outcome(write(table), { ...more, disposition: "force" })).toBe("sent");
    expect(outcome(remove(table), more)).toBe("sent");
  });

  test("the least of the tables of a batch counts, for all that is not a delete", () => {
    const batch = (...parts: Operation[]) =>
      ({ kind: "batch", batchType: "logged", statements: parts as unknown as Statement[] }) as const;
    const ageMs = 3_600_000;
    expect(outcome(batch(remove("short"), write("t")), { ageMs })).toEqual(old("ks.short", ageMs, 3_600));
    expect(outcome(batch(remove("short"), remove("t")), { ageMs })).toBe("sent");
  });

  test("a bound null deletes, and a bound value does not", () => {
    const ageMs = 3_600_000;
    const bound = (value: unknown) => statement("UPDATE short SET v = ? WHERE k = ?", [value, 1]);
    expect(outcome(bound(null), { ageMs })).toBe("sent");
    expect(outcome(bound("a"), { ageMs })).toMatchObject({ code: "HELIX_REPLAY_TOO_OLD" });
  });

  test("what has lived its time deletes, and passes; as an INSERT it would be there for a second", () => {
    const ageMs = 20 * DAY_MS;
    expect(
      replay(
        statement("UPDATE t USING TTL ? SET v = ?, s = s + ?, m = m + ? WHERE k = ?", [
          60,
          "a",
          ["x"],
          { y: 1 },
          1,
        ]),
        { ageMs },
      ),
    ).toMatchObject({
      query: "UPDATE t USING TTL ? SET v = null, s = s - ?, m = m - ? WHERE k = ?",
      params: [1, ["x"], ["y"], 1],
    });
    expect(outcome(statement("INSERT INTO t (k, v) VALUES (1, 'a') USING TTL 60"), { ageMs })).toMatchObject({
      code: "HELIX_REPLAY_TOO_OLD",
    });
  });
});

describe("what has lived its time and has a timestamp that other writes may have", () => {
  const ageMs = 90_000;
  const update = "UPDATE t USING TTL ? SET v = ? WHERE k = ?";

  test.each([
    ["of another hour", MADE - 3_600_000_000n],
    ["of a second later", MADE + 1_000_000n],
    ["of a whole millisecond", MADE - 123n],
  ])("lives for a second, for a delete would take those along: one %s", (_, timestampMicros) => {
    const sent = replay(statement(update, [60, "a", 1]), { ageMs, timestampMicros });
    expect(sent).toMatchObject({ query: update, params: [1, "a", 1] });
  });

  test.each([
    ["UPDATE t USING TTL ? AND TIMESTAMP 5 SET v = ? WHERE k = ?", 5n],
    [
      `BEGIN BATCH UPDATE t USING TTL ? AND TIMESTAMP ${MADE} SET v = ? WHERE k = ?; DELETE FROM t WHERE k = 2; APPLY BATCH`,
      MADE,
    ],
  ])("lives for a second where the text says it: %s", (query, timestampMicros) => {
    const sent = replay(statement(query, [60, "a", 1]), { ageMs, timestampMicros });
    expect(sent).toMatchObject({ query, params: [1, "a", 1] });
  });

  test("is deleted where the client made it", () => {
    const sent = replay(statement(update, [60, "a", 1]), { ageMs, timestampMicros: MADE + 5_000n });
    expect(sent).toMatchObject({ query: update.replace("v = ?", "v = null"), params: [1, 1] });
  });
});

describe("a TTL", () => {
  const ageMs = 10_500;

  test("is less by the age, whatever the disposition", () => {
    const insert = statement("INSERT INTO t (k, v) VALUES (?, ?) USING TTL ?", [1, "a", 60]);
    for (const disposition of ["replay", "unsafe", "force"] as const) {
      expect(replay(insert, { ageMs, disposition })).toEqual({ ...insert, params: [1, "a", 49] });
    }
    const list = statement("UPDATE t USING TTL ? SET l = l + ? WHERE k = ?", [60, ["a"], 1]);
    expect(replay(list, { ageMs, disposition: "unsafe" })).toEqual({ ...list, params: [49, ["a"], 1] });
    expect(replay(list, { ageMs: 99_000, disposition: "force" })).toEqual({ ...list, params: [1, ["a"], 1] });
  });

  test("of each statement of a batch is its own", () => {
    const statements = [
      { query: "INSERT INTO t (k, v) VALUES (?, ?) USING TTL ?", params: [1, "a", 60] },
      { query: "UPDATE t SET v = ? WHERE k = ?", params: ["a", 1] },
      { query: "UPDATE t USING TTL 90 SET v = :v WHERE k = :k", params: { v: "a", k: 1 } },
    ];
    expect(replay({ kind: "batch", batchType: "logged", statements }, { ageMs })).toEqual({
      kind: "batch",
      batchType: "logged",
      statements: [
        { query: "INSERT INTO t (k, v) VALUES (?, ?) USING TTL ?", params: [1, "a", 49] },
        statements[1],
        {
          query: "UPDATE t USING TTL :helix_1 SET v = :v WHERE k = :k",
          params: { v: "a", k: 1, helix_1: 79 },
        },
      ],
    });
  });

  test("that the table gives by default is that of now, where nothing was known at the write", () => {
    expect(replay(statement("INSERT INTO expiring (k, v) VALUES (?, ?)", [1, "a"]), { ageMs })).toMatchObject(
      {
        query: "INSERT INTO expiring (k, v) VALUES (?, ?) USING TTL ?",
        params: [1, "a", 3589],
      },
    );
  });

  const writes = [{ gcGraceSeconds: 864_000 }, { tableIds: {} }, { tableIds: { "ks.expiring": null } }];
  test.each(writes)(
    "that the table has got since is not for a write that said none, and knew %o",
    (written) => {
      expect(
        replay(statement("INSERT INTO expiring (k, v) VALUES (?, ?)", [1, "a"]), { ageMs, written }),
      ).toMatchObject({
        query: "INSERT INTO expiring (k, v) VALUES (?, ?) USING TTL 0",
        params: [1, "a"],
      });
      const batch =
        "BEGIN BATCH UPDATE expiring SET v = ? WHERE k = 1; UPDATE expiring USING TTL 60 SET v = ? WHERE k = 2; APPLY BATCH";
      expect(replay(statement(batch, ["a", "b"]), { ageMs, written })).toMatchObject({
        query:
          "BEGIN BATCH UPDATE expiring USING TTL 0 SET v = ? WHERE k = 1; UPDATE expiring USING TTL ? SET v = ? WHERE k = 2; APPLY BATCH",
        params: ["a", 49, "b"],
      });
    },
  );
});

test("what was allowed by one schema is judged again by the next one", () => {
  const insert = statement("INSERT INTO ks.t (k, v) VALUES (?, ?) /* once more */", [1, "a"]);
  const another = schemaWith(idAt(WRITTEN_AT_MS + 1));
  const withTable = (change: object): Schema => {
    const read = KNOWN.keyspace("ks") as KeyspaceSchema;
    const tables = new Map([...read.tables].map(([name, table]) => [name, { ...table, ...change }]));
    return { keyspace: () => ({ ...read, tables }) };
  };
  const none: Schema = {
    keyspace: () => ({ ...(KNOWN.keyspace("ks") as KeyspaceSchema), tables: new Map() }),
  };
  const written = { tableIds: { "ks.t": ID } };
  for (let again = 0; again < 2; again++) {
    expect(outcome(insert, { written })).toBe("sent");
    expect(outcome(insert, { written })).toBe("sent");
    expect(outcome(insert, { written, schema: another })).toMatchObject({ code: "HELIX_TABLE_GONE" });
    expect(outcome(insert, { written, schema: none })).toMatchObject({ code: "HELIX_SCHEMA_UNKNOWN" });
    expect(outcome(insert, { schema: withTable({ isView: true }) })).toMatchObject({
      code: "HELIX_NOT_REPLAYABLE",
    });
    expect(outcome(insert, { schema: withTable({ gcGraceSeconds: 1 }), ageMs: 5_000 })).toMatchObject({
      code: "HELIX_REPLAY_TOO_OLD",
    });
    const { params } = replay(insert, { schema: withTable({ defaultTtlSeconds: 100 }) }) as Statement;
    expect(params).toEqual([1, "a", 99]);
  }
});
