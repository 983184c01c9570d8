import { describe, expect, it } from "vitest";
import { inspect } from "../inspect.ts";
import { readSchema } from "../schema/read-schema.ts";
import { decide, type Facts } from "./decide.ts";

const schema = readSchema(`USE ks;
  CREATE TABLE t (k int PRIMARY KEY, v text, n int, at timestamp, l list<text>, s set<text>, m map<text, boolean>, x 'a.Type');
  CREATE TABLE e (k int PRIMARY KEY, v text) WITH default_time_to_live = 60;
  CREATE TABLE accord (k int PRIMARY KEY, v text) WITH transactional_mode = 'full';
  CREATE TABLE plain (k int PRIMARY KEY, v text) WITH transactional_mode = 'OFF';
  CREATE TABLE system_auth.roles (role text PRIMARY KEY, member_of set<text>);`);

function judge(cql: string, values?: unknown, facts: Facts = {}) {
  return decide(inspect(cql), { schema, keyspace: "ks", values: values as Facts["values"], ...facts });
}

function verdict(cql: string, values?: unknown, facts: Facts = {}) {
  return judge(cql, values, facts).verdict;
}

/** As the driver's. */
const unset = Object.freeze({ unset: true });

describe("what is not known", () => {
  it.each([
    ["no schema", { schema: undefined }, "Nothing is known of the keyspace ks."],
    ["no keyspace", { keyspace: undefined }, "Neither the text nor the session names a keyspace."],
    ["another keyspace", { keyspace: "other" }, "Nothing is known of the keyspace other."],
  ])("with %s a write depends on the schema, and it is said why", (_, facts, why) => {
    const decision = judge("INSERT INTO t (k) VALUES (1)", [], facts);

    expect(decision).toMatchObject({ verdict: "depends", on: ["schema"], reason: { at: 12, why } });
    expect(decision.members).toMatchObject([{ verdict: "depends", table: "t" }]);
  });

  it.each([
    ["INSERT INTO missing (k) VALUES (1)", "an unknown table", 12],
    ["INSERT INTO t (k, missing) VALUES (1, 2)", "an unknown column", 18],
    ["UPDATE t SET missing = 1 WHERE k = 1", "an unknown column", 13],
    ["DELETE FROM t WHERE missing = 1", "an unknown column", 20],
    [`INSERT INTO t JSON '{"k": 1, "missing": 1}'`, "an unknown column", 19],
  ])("%s may be known once the schema is read again", (cql, construct, at) => {
    expect(judge(cql, [])).toMatchObject({ verdict: "depends", on: ["schema"], reason: { construct, at } });
  });

  it("a refusal for good comes before what is missing", () => {
    expect(verdict("INSERT INTO t (k, missing, l) VALUES (1, 2, ['a'])", [])).toBe("refuse");
  });

  it("without values a write depends on them, but only where they matter", () => {
    expect(judge("UPDATE t SET v = ? WHERE k = ?")).toMatchObject({ verdict: "depends", on: ["values"] });
    expect(judge("INSERT INTO t (k, l) VALUES (?, ?)")).toMatchObject({ verdict: "depends", on: ["values"] });
    expect(judge("INSERT INTO t (k) VALUES (?) USING TTL ?")).toMatchObject({
      verdict: "depends",
      on: ["values"],
    });
    expect(verdict("INSERT INTO t (k, v, s) VALUES (?, ?, ?)")).toBe("replay");
    expect(verdict("UPDATE t SET v = ?, n = 5 WHERE k = ?")).toBe("replay");
    expect(verdict("DELETE FROM t WHERE k = ?")).toBe("gc");
    expect(verdict("INSERT INTO t (k, l, at) VALUES (?, ?, 'now')")).toBe("refuse");
  });

  it("a batch with one timestamp for all depends on that value as well", () => {
    const cql = "BEGIN BATCH USING TIMESTAMP ? INSERT INTO t (k) VALUES (1); APPLY BATCH";

    expect(judge(cql)).toMatchObject({ verdict: "depends", on: ["values"] });
    expect(judge(cql, [5n])).toMatchObject({ verdict: "replay", timestamp: 5n });
    expect(judge(cql, [unset])).toMatchObject({ verdict: "replay", timestamp: undefined });
    expect(verdict(cql, ["x"])).toBe("refuse");
    expect(verdict(cql, [null])).toBe("refuse");
  });
});

describe("tables of their own kind", () => {
  it("a table with transactions refuses, one where they are off does not", () => {
    expect(judge("DELETE FROM accord WHERE k = 1")).toMatchObject({
      verdict: "refuse",
      reason: { construct: "a table with transactional_mode full", at: 12 },
    });
    expect(verdict("DELETE FROM plain WHERE k = 1")).toBe("gc");
  });

  it("a system keyspace refuses, though the session and not the text names it", () => {
    expect(verdict("INSERT INTO roles (role) VALUES ('a')", [], { keyspace: "system_auth" })).toBe("refuse");
  });

  it("a custom type is bound, but never a text, whose meaning is known to the server alone", () => {
    expect(verdict("INSERT INTO t (k, x) VALUES (1, 'a')")).toBe("refuse");
    expect(verdict("INSERT INTO t JSON ?", ['{"k": 1, "x": "a"}'])).toBe("refuse");
    expect(verdict("INSERT INTO t (k, x) VALUES (?, ?)", [1, Buffer.of(1)])).toBe("replay");
  });
});

it.each([
  [
    "UPDATE t SET v.x = 1 WHERE k = 1",
    13,
    "a field of the column v",
    "v is frozen, or of a type that has no such parts.",
  ],
  [
    "UPDATE t SET v['x'] = 1 WHERE k = 1",
    13,
    "an element of the column v",
    "v is frozen, or of a type that has no such parts.",
  ],
  [
    "DELETE v['x'] FROM t WHERE k = 1",
    7,
    "an element of the column v",
    "v is frozen, or of a type that has no such parts.",
  ],
  [
    "UPDATE t SET v = v + ? WHERE k = 1",
    13,
    "arithmetic with the column v",
    "v is frozen, or of a type that has no such parts.",
  ],
  ["UPDATE t SET k = 2 WHERE k = 1", 13, "an assignment to a part of the key", "a key cannot change."],
])("%s is refused, and it is said what no server takes", (cql, at, construct, why) => {
  expect(judge(cql, [1])).toMatchObject({
    verdict: "refuse",
    reason: { at, construct, why: `No server takes it: ${why}` },
  });
});

describe("values", () => {
  it("none is read that does not matter", () => {
    const values = new Proxy([], {
      get: (_, key) => {
        throw new Error(`read ${String(key)}`);
      },
    });

    expect(verdict("INSERT INTO t (k, v, n) VALUES (?, ?, ?)", values)).toBe("replay");
    expect(verdict("DELETE FROM t WHERE k = ?", values)).toBe("gc");
    expect(verdict("INSERT INTO t (k, at) VALUES (?, 'now')", values)).toBe("refuse");
  });

  it("of several that may be null, none is read after one that is not", () => {
    const values = {
      get v() {
        return "a";
      },
      get n(): never {
        throw new Error("read");
      },
      k: 1,
    };

    expect(verdict("UPDATE t SET v = :v, n = :n WHERE k = :k", values)).toBe("replay");
  });

  it.each([
    [
      "a getter",
      {
        get l(): never {
          throw new Error("no");
        },
      },
    ],
    ["a proxy that was revoked", revoked()],
    [
      "a proxy without keys",
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("no");
          },
        },
      ),
    ],
  ])("one that throws when it matters is refused: %s", (_, values) => {
    expect(judge("UPDATE t SET l = :l WHERE k = 1", values)).toMatchObject({
      verdict: "refuse",
      reason: { construct: "a value that cannot be read" },
    });
  });

  it("a value that throws when it is turned into a number is refused as a TTL", () => {
    const hostile = {
      toString() {
        throw new Error("no");
      },
    };

    expect(verdict("INSERT INTO t (k) VALUES (1) USING TTL ?", [hostile])).toBe("refuse");
    expect(
      verdict("BEGIN BATCH USING TIMESTAMP ? INSERT INTO t (k) VALUES (1); APPLY BATCH", [hostile]),
    ).toBe("refuse");
  });

  it("a map that looks like unset is data, and unset is nothing", () => {
    expect(verdict("UPDATE t SET m = ? WHERE k = 1", [{ unset: true }])).toBe("replay");
    expect(verdict("UPDATE t SET m = ? WHERE k = 1", [unset])).toBe("replay");
    expect(verdict("UPDATE t SET v = ? WHERE k = 1", [unset])).toBe("gc");
    expect(verdict("UPDATE t SET v = ? WHERE k = 1", [{ unset: true }])).toBe("replay");
    expect(verdict("UPDATE t SET v = ? WHERE k = 1", [Object.freeze({ unset: true, b: 1 })])).toBe("replay");
    expect(verdict("UPDATE t SET m = ? WHERE k = 1", [undefined])).toBe("gc");
  });

  it.each([
    ["an array", ["a"]],
    ["an array with one null", [null]],
    ["bytes", Buffer.alloc(4)],
    ["a text", "[]"],
    ["an object with a length of 0", { length: 0 }],
    ["false", false],
  ])("a list is refused unless it is surely empty: %s", (_, value) => {
    expect(verdict("UPDATE t SET l = ? WHERE k = 1", [value])).toBe("refuse");
  });

  it.each([
    ["undefined", undefined],
    ["unset", unset],
    ["null", null],
    ["an empty array", []],
  ])("a list that is not written is no list: %s", (_, value) => {
    expect(verdict("UPDATE t SET l = ? WHERE k = 1", [value])).toBe("gc");
    expect(verdict("INSERT INTO t (k, l) VALUES (1, ?)", [value])).toBe("replay");
  });

  it("an empty set of the language is empty, and one element is data", () => {
    expect(verdict("UPDATE t SET s = ? WHERE k = 1", [new Set()])).toBe("gc");
    expect(verdict("UPDATE t SET s = ? WHERE k = 1", [new Set(["a"])])).toBe("replay");
    expect(verdict("UPDATE t SET m = ? WHERE k = 1", [new Map()])).toBe("gc");
    expect(verdict("UPDATE t SET m = ? WHERE k = 1", [Object.create({ a: true })])).toBe("replay");
  });
});

describe("names of markers", () => {
  it("a marker has its own value, though it is named as another column", () => {
    const cql = "UPDATE t SET l = :v, v = :l WHERE k = 1";

    expect(verdict(cql, { v: null, l: "a" })).toBe("replay");
    expect(verdict(cql, { v: ["a"], l: null })).toBe("refuse");
  });

  it("one name twice has one value by name, and two by position", () => {
    const cql = "INSERT INTO t (k, n) VALUES (:k, :x) USING TTL :x";

    expect(judge(cql, { k: 1, x: 60 }).members).toMatchObject([{ ttl: { seconds: 60, source: "value" } }]);
    expect(judge(cql, [1, 5, 60]).members).toMatchObject([{ ttl: { seconds: 60 } }]);
  });

  it("the keys of an object are folded, and of two that become one the later counts", () => {
    const cql = "UPDATE t SET l = :l WHERE k = 1";

    expect(verdict(cql, { L: ["a"] })).toBe("refuse");
    expect(verdict(cql, { l: null, L: ["a"] })).toBe("refuse");
    expect(verdict(cql, { L: ["a"], l: null })).toBe("gc");
  });

  it("a question mark in an object has the name that the server gives it", () => {
    expect(verdict("UPDATE t SET l = ? WHERE k = ?", { l: ["a"], k: 1 })).toBe("refuse");
    expect(
      judge("UPDATE t USING TTL ? AND TIMESTAMP ? SET v = ? WHERE k = ?", {
        "[ttl]": 5,
        "[timestamp]": 7,
        v: "a",
        k: 1,
      }),
    ).toMatchObject({
      timestamp: 7n,
      members: [{ ttl: { seconds: 5 } }],
    });
    expect(verdict("INSERT INTO t JSON ?", { "[json]": '{"k": 1, "l": ["a"]}' })).toBe("refuse");
    expect(
      verdict("UPDATE t SET l = from_json(?) WHERE k = ?", { "arg0(system.fromjson)": '["a"]', k: 1 }),
    ).toBe("refuse");
    expect(verdict("UPDATE t SET m[?] = ? WHERE k = ?", { "key(m)": "a", "value(m)": null, k: 1 })).toBe(
      "gc",
    );
  });

  it.each([
    ["UPDATE t SET l = :l WHERE k = :k", "l", 17],
    ["UPDATE t SET v = :constructor WHERE k = :k", "constructor", 17],
    ["UPDATE t USING TTL ? SET n = 1 WHERE k = :k", "[ttl]", 19],
  ])("%s: a value that is missing where it matters is refused by its name", (cql, name, at) => {
    expect(judge(cql, { k: 1 })).toMatchObject({
      verdict: "refuse",
      reason: {
        at,
        construct: "a marker without a value",
        why: `The object of values has no key \`${name}\`.`,
      },
    });
  });
});

describe("TTL and timestamp", () => {
  const long = { low: 60, high: 0, toString: () => "60" };

  it.each([
    ["number", 60],
    ["bigint", 60n],
    ["Long", long],
    ["string", "60"],
  ])("a TTL is bound as %s", (_, ttl) => {
    expect(judge("INSERT INTO t (k) VALUES (1) USING TTL ?", [ttl]).members).toEqual([
      { verdict: "ttl", keyspace: "ks", table: "t", ttl: { seconds: 60, source: "value" } },
    ]);
  });

  it.each([
    ["a fraction", 1.5],
    ["NaN", Number.NaN],
    ["a word", "soon"],
    ["an empty text", ""],
    ["bytes", Buffer.from("60")],
    ["a date", new Date(60)],
    ["negative", -1],
    ["more than twenty years", 630_720_001],
    ["very much more", 10n ** 19n],
    ["true", true],
    ["an Integer, of any length", { bits_: [60], sign_: 0, toString: () => "60" }],
  ])("a TTL that is %s is refused", (_, ttl) => {
    expect(judge("INSERT INTO t (k) VALUES (1) USING TTL ?", [ttl])).toMatchObject({
      verdict: "refuse",
      reason: { construct: "a TTL out of range", at: 39 },
    });
  });

  it.each([
    [0, "replay"],
    [null, "replay"],
    [unset, "ttl"],
    [undefined, "ttl"],
  ])("bound as %s over a default of the table it is %s", (ttl, expected) => {
    const decision = judge("INSERT INTO e (k) VALUES (1) USING TTL ?", [ttl]);

    expect(decision.verdict).toBe(expected);
    expect(decision.members[0]?.ttl).toEqual(
      expected === "ttl" ? { seconds: 60, source: "table" } : undefined,
    );
  });

  it("what is refused keeps its TTL, for one who replays it all the same", () => {
    expect(judge("UPDATE t USING TTL 5 SET l = ? WHERE k = 1", [["a"]]).members).toEqual([
      { verdict: "refuse", keyspace: "ks", table: "t", ttl: { seconds: 5, source: "text" } },
    ]);
    expect(judge("INSERT INTO e (k) VALUES (1) IF NOT EXISTS").members).toMatchObject([
      { ttl: { seconds: 60 } },
    ]);
  });

  it.each([
    ["number", 1_700_000_000_000_000],
    ["bigint", 1_700_000_000_000_000n],
    ["string", "1700000000000000"],
  ])("a timestamp is bound as %s", (_, timestamp) => {
    expect(judge("INSERT INTO t (k) VALUES (1) USING TIMESTAMP ?", [timestamp]).timestamp).toBe(
      1_700_000_000_000_000n,
    );
  });

  it("a timestamp that is null, or no number, is refused", () => {
    expect(verdict("INSERT INTO t (k) VALUES (1) USING TIMESTAMP ?", [null])).toBe("refuse");
    expect(verdict("INSERT INTO t (k) VALUES (1) USING TIMESTAMP ?", [new Date()])).toBe("refuse");
  });
});

describe("JSON", () => {
  const row = (json: string) => verdict("INSERT INTO t JSON ?", [json]);

  it.each([
    ['{"k": 1, "l": ["a"]}', "refuse"],
    ['{"k": 1, "L": ["a"]}', "refuse"],
    ['{"k": 1, "\\"l\\"": ["a"]}', "refuse"],
    ['{"k": 1, "\\"L\\"": ["a"]}', "depends"],
    ['{"k": 1, "l": "[\\"a\\"]"}', "refuse"],
    ['{"k": 1, "l": "[]"}', "replay"],
    ['{"k": 1, "l": [], "L": ["a"]}', "refuse"],
    ['{"k": 1, "L": ["a"], "l": []}', "refuse"],
    ['{"k": 1, "l": ["a"], "l": []}', "replay"],
    ['{"k": 1, "l": [], "l": ["a"]}', "refuse"],
    ['{"k": 1, "at": "now", "at": 5}', "replay"],
    ['{"k": 1, "at": 5, "AT": "now"}', "refuse"],
    ['{"k": "1", "n": "5", "m": {"a": "true"}}', "replay"],
    ['{"k": 1, "s": "not JSON"}', "refuse"],
    ['{"k": 1, "s": "\\"[]\\""}', "refuse"],
    ['{"k": 1, "__proto__": {"l": ["a"]}}', "depends"],
    ['{"k": 1} {"l": ["a"]}', "refuse"],
    ["{'k': 1}", "refuse"],
    ["null", "refuse"],
    ["", "refuse"],
  ])("%s is %s", (json, expected) => {
    expect(row(json)).toBe(expected);
  });

  it.each([[null], [undefined], [unset], [Buffer.from('{"k": 1}')], [{ k: 1 }], [5]])(
    "what is no text is refused: %s",
    (json) => {
      expect(verdict("INSERT INTO t JSON ?", [json])).toBe("refuse");
    },
  );

  it("a megabyte of JSON is read once, and ten times as much takes about ten times as long", () => {
    const timeOf = (items: number) => {
      const json = JSON.stringify({ k: 1, s: Array.from({ length: items }, (_, at) => `item ${at}`) });
      const start = performance.now();
      for (let run = 0; run < 5; run++) expect(row(json)).toBe("replay");
      return performance.now() - start;
    };
    timeOf(10_000);

    expect(timeOf(100_000) / timeOf(10_000)).toBeLessThan(60);
  });

  it("JSON that nests very deep is refused or passed, and no stack is filled", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;

    expect(["refuse", "replay"]).toContain(row(`{"k": 1, "s": ${deep}}`));
    expect(["refuse", "replay"]).toContain(row(`{"k": 1, "v": ${deep}}`));
    expect(row(`{"k": 1, "l": ${deep}}`)).toBe("refuse");
  });
});

describe("what is kept", () => {
  const cql = "INSERT INTO t (k, v) VALUES (?, ?)";

  it("one text and one schema have one answer where no value matters, whatever is bound", () => {
    expect(judge(cql, [1, "a"])).toBe(judge(cql, [2, null]));
  });

  it("another schema of the same keyspace has an answer of its own", () => {
    const changed = readSchema(
      "USE ks; CREATE TABLE t (k int PRIMARY KEY, v text) WITH default_time_to_live = 5",
    );

    expect(verdict(cql, [1, "a"])).toBe("replay");
    expect(verdict(cql, [1, "a"], { schema: changed })).toBe("ttl");
    expect(verdict(cql, [1, "a"])).toBe("replay");
  });

  it("where values matter, each call is judged by its own", () => {
    const update = "UPDATE t SET l = ? WHERE k = ?";

    expect([null, ["a"], [], ["b"]].map((list) => verdict(update, [list, 1]))).toEqual([
      "gc",
      "refuse",
      "gc",
      "refuse",
    ]);
  });

  it("ten thousand members with ten thousand names are looked up in time", () => {
    const members = Array.from({ length: 10_000 }, (_, at) => `UPDATE t SET l = :l${at} WHERE k = 1;`).join(
      " ",
    );
    const values = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`l${at}`, null]));
    const start = performance.now();

    expect(verdict(`BEGIN BATCH ${members} APPLY BATCH`, values)).toBe("gc");
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
