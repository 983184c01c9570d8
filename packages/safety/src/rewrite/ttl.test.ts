import { describe, expect, test } from "vitest";
import { inspect } from "../inspect.ts";
import type { Decision, MemberDecision } from "../inspection.ts";
import type { Params } from "./edits.ts";
import { longestTtl, replayed, withDefaultTtl } from "./ttl.ts";

type Ttl = NonNullable<MemberDecision["ttl"]>;

const unset = { unset: true };

function decided(...ttls: (Ttl | undefined)[]): Decision {
  const members = ttls.map(
    (ttl): MemberDecision => ({
      verdict: ttl === undefined ? "replay" : "ttl",
      keyspace: "ks",
      table: "t",
      ttl,
    }),
  );
  return { verdict: "ttl", on: [], members };
}

const fromText = (seconds: number): Ttl => ({ seconds, source: "text" });
const fromValue = (seconds: number): Ttl => ({ seconds, source: "value" });
const fromTable = (seconds: number): Ttl => ({ seconds, source: "table" });

describe("a default TTL of the table", () => {
  const said = (cql: string, params: Params = [], ...ttls: Ttl[]) =>
    withDefaultTtl(inspect(cql), decided(...(ttls.length > 0 ? ttls : [fromTable(60)])), params);

  test.each([
    ["INSERT INTO t (k) VALUES (1)", "INSERT INTO t (k) VALUES (1) USING TTL 60"],
    ["INSERT INTO t (k) VALUES (1) ; ;", "INSERT INTO t (k) VALUES (1) USING TTL 60 ; ;"],
    ["INSERT INTO t (k) VALUES (1);", "INSERT INTO t (k) VALUES (1) USING TTL 60;"],
    ["INSERT INTO t (k) VALUES (1) -- ok\n", "INSERT INTO t (k) VALUES (1) USING TTL 60 -- ok\n"],
    ["INSERT INTO t (k) VALUES (1)--ok\r;", "INSERT INTO t (k) VALUES (1) USING TTL 60--ok\r;"],
    ["INSERT INTO t (k) VALUES (1) // ok\n", "INSERT INTO t (k) VALUES (1) USING TTL 60 // ok\n"],
    ["INSERT INTO t (k) VALUES (1)/* ; */", "INSERT INTO t (k) VALUES (1) USING TTL 60/* ; */"],
    ["INSERT INTO t JSON '{}' DEFAULT UNSET;", "INSERT INTO t JSON '{}' DEFAULT UNSET USING TTL 60;"],
    [
      "INSERT INTO t (k) VALUES (1) USING TIMESTAMP 5;",
      "INSERT INTO t (k) VALUES (1) USING TIMESTAMP 5 AND TTL 60;",
    ],
    ["UPDATE t SET v = 1 WHERE k = 1", "UPDATE t USING TTL 60 SET v = 1 WHERE k = 1"],
    ['UPDATE ks."t"SET v = 1 WHERE k = 1', 'UPDATE ks."t" USING TTL 60 SET v = 1 WHERE k = 1'],
    [
      "UPDATE t USING TIMESTAMP 5 SET v = 1 WHERE k = 1",
      "UPDATE t USING TIMESTAMP 5 AND TTL 60 SET v = 1 WHERE k = 1",
    ],
  ])("is said in %j", (cql, query) => {
    expect(said(cql)).toEqual({ query, params: [] });
  });

  test("is said in the members of a batch whose tables have one, each with its own", () => {
    const cql =
      "BEGIN BATCH INSERT INTO t (k) VALUES (?) INSERT INTO u (k) VALUES (?)UPDATE w SET v = ? WHERE k = 1; DELETE FROM t WHERE k = ? APPLY BATCH";
    expect(
      withDefaultTtl(
        inspect(cql),
        decided(fromTable(60), fromText(5), fromTable(90), undefined),
        [1, 2, 3, 4],
      ),
    ).toEqual({
      query:
        "BEGIN BATCH INSERT INTO t (k) VALUES (?) USING TTL 60 INSERT INTO u (k) VALUES (?)UPDATE w USING TTL 90 SET v = ? WHERE k = 1; DELETE FROM t WHERE k = ? APPLY BATCH",
      params: [1, 2, 3, 4],
    });
  });

  test("is bound where unset was, by position", () => {
    const cql = "UPDATE t USING TTL ? AND TIMESTAMP ? SET v = ? WHERE k = ?";
    expect(said(cql, [unset, 5n, "a", 1])).toEqual({ query: cql, params: [60, 5n, "a", 1] });
  });

  test("is bound where unset was, by name, whatever its case", () => {
    const cql = "INSERT INTO t (k) VALUES (:k) USING TTL :x";
    expect(said(cql, { k: 1, X: unset })).toEqual({ query: cql, params: { k: 1, X: 60 } });
  });

  test("leaves a value alone that has the TTL's name", () => {
    expect(said("INSERT INTO t (k, n) VALUES (:k, :x) USING TTL :x", { k: 1, x: unset })).toEqual({
      query: "INSERT INTO t (k, n) VALUES (:k, :x) USING TTL :helix_1",
      params: { k: 1, x: unset, helix_1: 60 },
    });
  });

  test("is told apart where two tables have the server's name for it", () => {
    const cql =
      "BEGIN BATCH INSERT INTO t (k) VALUES (?) USING TTL ?; INSERT INTO u (k) VALUES (?) USING TTL ? APPLY BATCH";
    expect(said(cql, { k: 1, "[ttl]": unset }, fromTable(60), fromTable(90))).toEqual({
      query:
        "BEGIN BATCH INSERT INTO t (k) VALUES (?) USING TTL :helix_1; INSERT INTO u (k) VALUES (?) USING TTL :helix_2 APPLY BATCH",
      params: { k: 1, "[ttl]": unset, helix_1: 60, helix_2: 90 },
    });
  });

  test("changes nothing where the TTL is said already", () => {
    const cql = "INSERT INTO t (k) VALUES (?) USING TTL ?";
    expect(said(cql, [1, 5], fromValue(5))).toEqual({ query: cql, params: [1, 5] });
  });
});

describe("a TTL is shortened by the age", () => {
  const aged = (cql: string, params: Params, ttl: Ttl, ageMs = 10_000) =>
    replayed(inspect(cql), decided(ttl), params, ageMs);

  test.each([
    [0, 60],
    [1, 59],
    [1_000, 59],
    [1_001, 58],
    [58_999, 1],
    [59_000, 1],
    [-5_000, 60],
  ])("to whole seconds, rounded down: after %d ms of 60 s %d s are left", (ageMs, left) => {
    const cql = "INSERT INTO t (k) VALUES (?) USING TTL ?";
    expect(aged(cql, [1, 60], fromValue(60), ageMs)).toEqual({ query: cql, params: [1, left] });
  });

  test.each([
    ["INSERT INTO t (k) VALUES (?) USING TTL 60;", [1], "INSERT INTO t (k) VALUES (?) USING TTL ?;", [1, 50]],
    [
      "UPDATE t USING TTL 60 SET v = ? WHERE k = ?",
      [1, 2],
      "UPDATE t USING TTL ? SET v = ? WHERE k = ?",
      [50, 1, 2],
    ],
    [
      "UPDATE t USING TIMESTAMP ? AND TTL 60 SET v = ? WHERE k = ?",
      [9n, 1, 2],
      "UPDATE t USING TIMESTAMP ? AND TTL ? SET v = ? WHERE k = ?",
      [9n, 50, 1, 2],
    ],
    [
      "INSERT INTO t JSON ? USING TTL 60 AND TIMESTAMP 5",
      ["{}"],
      "INSERT INTO t JSON ? USING TTL ? AND TIMESTAMP 5",
      ["{}", 50],
    ],
    [
      "UPDATE t USING TTL 60 SET v = :v WHERE k = :k",
      { v: 1, k: 2 },
      "UPDATE t USING TTL :helix_1 SET v = :v WHERE k = :k",
      { v: 1, k: 2, helix_1: 50 },
    ],
  ])("a number in %j becomes a marker", (cql, params, query, bound) => {
    expect(aged(cql, params, fromText(60))).toEqual({ query, params: bound });
  });

  test("a number stays one where nothing is bound, and so nothing is prepared", () => {
    expect(aged("INSERT INTO t (k) VALUES (1) USING TTL 60 -- TTL 60\n", [], fromText(60))).toEqual({
      query: "INSERT INTO t (k) VALUES (1) USING TTL 50 -- TTL 60\n",
      params: [],
    });
  });

  test("the last counts where it is said twice", () => {
    expect(aged("INSERT INTO t (k) VALUES (?) USING TTL 5 AND TTL 60", [1], fromText(60))).toEqual({
      query: "INSERT INTO t (k) VALUES (?) USING TTL 5 AND TTL ?",
      params: [1, 50],
    });
  });

  test("a default of the table is said, less the age", () => {
    expect(aged("UPDATE t SET v = ? WHERE k = ?", ["a", 1], fromTable(60))).toEqual({
      query: "UPDATE t USING TTL ? SET v = ? WHERE k = ?",
      params: [50, "a", 1],
    });
  });

  test("a value that has the TTL's name stays as it is", () => {
    const cql = "INSERT INTO t (k, n) VALUES (:k, :x) USING TTL :x";
    expect(aged(cql, { k: 1, x: 60 }, fromValue(60))).toEqual({
      query: "INSERT INTO t (k, n) VALUES (:k, :x) USING TTL :helix_1",
      params: { k: 1, x: 60, helix_1: 50 },
    });
    expect(aged(cql, [1, 60, 60], fromValue(60))).toEqual({ query: cql, params: [1, 60, 50] });
  });

  test("each member of a batch by its own", () => {
    const cql =
      "BEGIN BATCH INSERT INTO t (k) VALUES (?) USING TTL ?; UPDATE t USING TTL 90 SET v = ? WHERE k = ?; UPDATE t SET v = ? WHERE k = ? APPLY BATCH";
    expect(
      replayed(
        inspect(cql),
        decided(fromValue(60), fromText(90), undefined),
        [1, 60, "a", 2, "b", 3],
        10_000,
      ),
    ).toEqual({
      query:
        "BEGIN BATCH INSERT INTO t (k) VALUES (?) USING TTL ?; UPDATE t USING TTL ? SET v = ? WHERE k = ?; UPDATE t SET v = ? WHERE k = ? APPLY BATCH",
      params: [1, 50, 80, "a", 2, "b", 3],
    });
  });

  test("what is not understood is left alone", () => {
    expect(replayed(inspect("GRANT ?"), { verdict: "refuse", on: [], members: [] }, [1], 5)).toEqual({
      query: "GRANT ?",
      params: [1],
    });
  });
});

describe("what has lived its time", () => {
  const expired = (cql: string, params: Params = [], ttl = fromText(60)) =>
    replayed(inspect(cql), decided(ttl), params, 60_001);

  test.each([
    [
      "INSERT INTO t (k, v) VALUES (?, ?) USING TTL 60",
      [1, 2],
      "INSERT INTO t (k, v) VALUES (?, ?) USING TTL ?",
      [1, 2, 1],
    ],
    ["INSERT INTO t JSON ? USING TTL 60", ["{}"], "INSERT INTO t JSON ? USING TTL ?", ["{}", 1]],
    ["INSERT INTO t (k) VALUES (1)", [], "INSERT INTO t (k) VALUES (1) USING TTL 1", []],
  ])("as an INSERT lives for a second: %j", (cql, params, query, bound) => {
    expect(expired(cql, params)).toEqual({ query, params: bound });
  });

  test.each([
    [
      "a value",
      "UPDATE t USING TTL ? AND TIMESTAMP ? SET v = ?, w = 'x' WHERE k = ?",
      [60, 9n, "a", 1],
      "UPDATE t USING TTL ? AND TIMESTAMP ? SET v = null, w = null WHERE k = ?",
      [1, 9n, 1],
    ],
    [
      "a value that is put together",
      "UPDATE t USING TTL 60 SET v = (text) ?, a = {street: ?, zip: 1}, tp = (?, 'x'), d = CAST(? AS text) WHERE k = ?",
      ["a", "b", 3, "c", 1],
      "UPDATE t USING TTL ? SET v = null, a = null, tp = null, d = null WHERE k = ?",
      [1, 1],
    ],
    [
      "what was added to a set",
      "UPDATE t USING TTL 60 SET s = s + {'a', 'b'}, u = u+?, w += ?, x = x + (set<text>) ? WHERE k = 1",
      [["c"], new Set(["d"]), ["e"]],
      "UPDATE t USING TTL ? SET s = s - {'a', 'b'}, u = u-?, w -= ?, x = x - (set<text>) ? WHERE k = 1",
      [1, ["c"], new Set(["d"]), ["e"]],
    ],
    [
      "what was added to a map",
      "UPDATE t USING TTL 60 SET m = m + {'a': 1, 'b' : 2}, n += ?, o = o + ? WHERE k = ?",
      [new Map([[1, "x"]]), { a: 1, b: 2 }, 5],
      "UPDATE t USING TTL ? SET m = m - {'a', 'b'}, n -= ?, o = o - ? WHERE k = ?",
      [1, [1], ["a", "b"], 5],
    ],
    [
      "an entry, and a field",
      "UPDATE t USING TTL 60 SET m[?] = ?, m['x'] = 2, u.f = ?, u.g = 'y' WHERE k = ?",
      ["a", 1, "b", 5],
      "UPDATE t USING TTL ? SET m[?] = null, m['x'] = null, u.f = null, u.g = null WHERE k = ?",
      [1, "a", 5],
    ],
  ])("as an UPDATE deletes %s", (_what, cql, params, query, bound) => {
    expect(expired(cql, params)).toEqual({ query, params: bound });
  });

  test("a delete does not become a comment", () => {
    const cql = "UPDATE t USING TTL 60 SET s = s+--x\n{'a'} WHERE k = 1";
    expect(expired(cql).query).toBe("UPDATE t USING TTL 1 SET s = s- --x\n{'a'} WHERE k = 1");
  });

  test("what was unset is not deleted", () => {
    const cql = "UPDATE t USING TTL ? SET v = ?, w = (text) ?, x = ?, s = s + ?, m = m + ? WHERE k = ?";
    const params = [1, unset, unset, undefined, unset, null, 1];
    expect(expired(cql, [60, ...params.slice(1)])).toEqual({ query: cql, params });
    const named = "UPDATE t USING TTL 60 SET v = :v, u.f = ?, m[:e] = ? WHERE k = :k";
    const values = { v: unset, "u.f": unset, e: 1, "value(m)": unset, k: 1 };
    expect(expired(named, values)).toEqual({
      query: "UPDATE t USING TTL :helix_1 SET v = :v, u.f = ?, m[:e] = ? WHERE k = :k",
      params: { ...values, helix_1: 1 },
    });
  });

  test("what deletes already stays as it is", () => {
    const cql = "UPDATE t USING TTL ? SET s = s - ?, m = m - {'a'}, v = null WHERE k = 1";
    expect(expired(cql, [60, ["x"]])).toEqual({ query: cql, params: [1, ["x"]] });
  });

  test("a collection whose keys cannot be told lives for a second", () => {
    const cql = "UPDATE t USING TTL ? SET m = m + ?, n = n + from_json(?) WHERE k = 1";
    const bytes = Buffer.from([0, 0, 0, 0]);
    expect(expired(cql, [60, bytes, "{}"])).toEqual({ query: cql, params: [1, bytes, "{}"] });
  });

  test("named parameters stay named, and one that is also a key keeps its value", () => {
    expect(
      expired("UPDATE t USING TTL :t SET m = m + :m, v = :k, n = n + :n, o = o + :n WHERE k = :k", {
        ...{ t: 60, m: new Map([["a", 1]]), k: 5, n: { b: 1 } },
      }),
    ).toEqual({
      query:
        "UPDATE t USING TTL :t SET m = m - :m, v = null, n = n - :helix_1, o = o - :helix_2 WHERE k = :k",
      params: { t: 1, m: ["a"], k: 5, n: { b: 1 }, helix_1: ["b"], helix_2: ["b"] },
    });
  });

  test("of what is sent knowingly nothing is deleted: an index of a list is another element now", () => {
    const cql = "UPDATE t USING TTL ? SET l[0] = ? WHERE k = 1";
    const member = { verdict: "refuse", keyspace: "ks", table: "t", ttl: fromValue(60) } as const;
    expect(
      replayed(inspect(cql), { verdict: "refuse", on: [], members: [member] }, [60, "x"], 99_000),
    ).toEqual({ query: cql, params: [1, "x"] });
  });

  describe("in a batch", () => {
    const cql =
      "BEGIN BATCH UPDATE t USING TTL ? SET v = ? WHERE k = ?; UPDATE t USING TTL ? SET v = ? WHERE k = ?; APPLY BATCH";
    const decision = decided(fromValue(60), fromValue(90));
    const params = [60, "a", 1, 90, "b", 2];

    test("lives for a second where a member outlives it: a delete at the same timestamp would take that as well", () => {
      const sent = { query: cql, params: [1, "a", 1, 30, "b", 2] };
      expect(replayed(inspect(cql), decision, params, 60_000)).toEqual(sent);
    });

    test("lives for a second where another of its statements outlives it", () => {
      const text = "UPDATE t USING TTL ? SET v = ? WHERE k = ?";
      const [short, long] = [decided(fromValue(60)), decided(fromValue(90))];
      const sent = { query: text, params: [1, "a", 1] };
      expect(replayed(inspect(text), short, [60, "a", 1], 60_000, longestTtl([short, long]))).toEqual(sent);
    });

    test("is deleted where all have", () => {
      expect(replayed(inspect(cql), decision, params, 90_000)).toEqual({
        query: cql.replaceAll("v = ?", "v = null"),
        params: [1, 1, 1, 2],
      });
    });
  });
});
