import { describe, expect, test } from "vitest";
import { cqlTokens } from "./cql-tokens.ts";
import { qualified, tableOf } from "./table-of.ts";

describe("cqlTokens", () => {
  test("hides what stands in strings, quoted names and comments", () => {
    const text = `SELECT "If" /* if */ FROM t -- if
      WHERE a = 'it''s if' AND b = $$ if $$ AND c = ? // if`;
    const words = [...cqlTokens(text)].filter(({ kind }) => kind === "word").map(({ text: word }) => word);
    expect(words).toEqual(["select", "from", "t", "where", "a", "and", "b", "and", "c"]);
  });

  test("never gives away what stands in a string", () => {
    const tokens = [...cqlTokens("INSERT INTO t (a) VALUES ('secret', $$secret$$)")];
    expect(tokens.filter(({ kind }) => kind === "string")).toHaveLength(2);
    expect(JSON.stringify(tokens)).not.toContain("secret");
  });

  test("undoubles the quotes of a quoted name", () => {
    expect([...cqlTokens('"a""b"')]).toEqual([{ kind: "quoted", text: 'a"b', at: 0 }]);
  });

  test.each(["'", '"', "$$", "/*", "--", "'a''", '"a""', "$"])("ends on the unterminated %s", (text) => {
    expect([...cqlTokens(`x ${text}`)].length).toBeLessThanOrEqual(3);
  });

  test("tells markers from symbols", () => {
    expect([...cqlTokens("a = ? AND b=:name")].map(({ kind }) => kind)).toEqual([
      ...["word", "symbol", "marker", "word", "word", "symbol", "symbol", "word"],
    ]);
  });
});

describe("tableOf", () => {
  test.each([
    ["INSERT INTO ks.users (id) VALUES (?)", "ks.users"],
    ["insert into Users (id) values (?)", "users"],
    ['UPDATE "Ks"."From" SET a = 1 WHERE id = 2', "Ks.From"],
    ["DELETE a, b FROM ks.t USING TIMESTAMP 5 WHERE id = 1", "ks.t"],
    ["SELECT * FROM /* x */ ks . t", "ks.t"],
    ["INSERT INTO t JSON '{}'", "t"],
  ])("finds the table of %s", (query, table) => {
    expect(tableOf(query)).toBe(table);
  });

  test("takes the keyspace of the session where the text names none", () => {
    expect(tableOf("DELETE FROM t WHERE id = 1", "ks")).toBe("ks.t");
    expect(tableOf("DELETE FROM own.t WHERE id = 1", "ks")).toBe("own.t");
  });

  test.each(["TRUNCATE t", "", "DELETE", "INSERT INTO", "UPDATE 'x' SET", "DELETE FROM a."])(
    "has no table for %j",
    (query) => {
      expect(tableOf(query)).toBeUndefined();
    },
  );

  test("keeps answering right after more distinct texts than it remembers", () => {
    for (let i = 0; i < 2500; i++) expect(tableOf(`DELETE FROM t${i} WHERE id = ${i}`)).toBe(`t${i}`);
    expect(tableOf("DELETE FROM t0 WHERE id = 0")).toBe("t0");
  });
});

describe("qualified", () => {
  test.each([
    ["INSERT INTO t (id) VALUES (?)", 'INSERT INTO "Shop".t (id) VALUES (?)'],
    ['update "T" SET a = 1 WHERE id = 2', 'update "Shop"."T" SET a = 1 WHERE id = 2'],
    [
      "DELETE m['from'] /* FROM x */ FROM t -- t\n WHERE id = 1",
      "DELETE m['from'] /* FROM x */ FROM \"Shop\".t -- t\n WHERE id = 1",
    ],
    ["SELECT from_id FROM t", 'SELECT from_id FROM "Shop".t'],
    ["INSERT INTO own.t (id) VALUES ('t')", "INSERT INTO own.t (id) VALUES ('t')"],
    ["DELETE FROM own . t WHERE id = 1", "DELETE FROM own . t WHERE id = 1"],
  ])("gives %s the keyspace that it lacks, and no other", (query, expected) => {
    expect(qualified(query, "Shop")).toBe(expected);
  });

  test("doubles what would end the name", () => {
    expect(qualified("DELETE FROM t WHERE id = 1", 'a"; DROP')).toBe(
      'DELETE FROM "a""; DROP".t WHERE id = 1',
    );
  });

  test.each(["TRUNCATE t", "BEGIN BATCH INSERT INTO t (id) VALUES (1) APPLY BATCH", ""])(
    "says nothing of %j",
    (query) => {
      expect(qualified(query, "ks")).toBeUndefined();
    },
  );
});
