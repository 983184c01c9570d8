import { describe, expect, it } from "vitest";
import { statementsIn } from "./statements-in.ts";

describe("the statements of a file", () => {
  it.each<[string, string[]]>([
    ["", []],
    [" ;; -- nothing\n", []],
    ["INSERT INTO a (k) VALUES (1)", ["INSERT INTO a (k) VALUES (1)"]],
    ["SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    [
      "UPDATE a SET v = 'x;y' WHERE k = $$;$$; SELECT 2",
      ["UPDATE a SET v = 'x;y' WHERE k = $$;$$", "SELECT 2"],
    ],
    ["-- a; b\nSELECT 1 /* ; */; // ;\nSELECT 2", ["SELECT 1", "SELECT 2"]],
    [
      "BEGIN BATCH DELETE FROM a WHERE k = 1; DELETE FROM a WHERE k = 2; APPLY BATCH; SELECT 2",
      ["BEGIN BATCH DELETE FROM a WHERE k = 1; DELETE FROM a WHERE k = 2; APPLY BATCH", "SELECT 2"],
    ],
    [
      "BEGIN TRANSACTION UPDATE a SET v = 1 WHERE k = 1; COMMIT TRANSACTION; SELECT 2",
      ["BEGIN TRANSACTION UPDATE a SET v = 1 WHERE k = 1; COMMIT TRANSACTION", "SELECT 2"],
    ],
    ["SELECT # what; SELECT 2", ["SELECT # what", "SELECT 2"]],
    ["SELECT 1; SELECT 'open; SELECT 2", ["SELECT 1", "SELECT 'open", "SELECT 2"]],
  ])("%j are %j", (file, statements) => {
    const found = statementsIn(file);
    expect(found.map(({ cql }) => cql)).toEqual(statements);
    for (const { cql, at } of found) expect(file.slice(at, at + cql.length)).toBe(cql);
  });
});
