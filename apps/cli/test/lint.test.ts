import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { typed } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "helix-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const schema = file(
  "schema.cql",
  "USE shop; CREATE TABLE carts (id int PRIMARY KEY, items list<text>, seen timestamp); CREATE TABLE n (id int PRIMARY KEY, c counter);",
);

it("what could not be replayed is told with its place, why, and how to say it otherwise", async () => {
  const cql = file(
    "a.cql",
    "-- the cart\nUPDATE carts SET items = ? WHERE id = ?;\n\n  UPDATE n\n  SET c = c + 1 WHERE id = 1;\n",
  );
  const { exit, out } = await typed(`lint ${cql} --schema ${schema}`);
  expect(exit).toBe(1);
  expect(out).toContain(`${cql}:5:7  not replayed  an increment of a counter\n`);
  expect(out).toContain("cure: Keep the counter on one cluster");
  expect(out).toContain("perhaps not");
  expect(out).toContain("2 statements: 1 depends, 1 refuse");
});

it("a file of which all can be replayed ends with 0", async () => {
  const cql = file(
    "b.cql",
    "INSERT INTO carts (id, seen) VALUES (1, ?); SELECT * FROM carts; DELETE FROM shop.carts WHERE id = 1",
  );
  const { exit, out } = await typed(`lint ${cql} --schema ${schema}`);
  expect([exit, out]).toEqual([0, "3 statements: 1 replay, 1 read, 1 gc\n"]);
});

it("without the schema it says of how many it cannot tell, and refuses what no schema could cure", async () => {
  const cql = file(
    "c.cql",
    "INSERT INTO carts (id) VALUES (1); UPDATE carts SET seen = 0 WHERE id = 1 IF seen = 1",
  );
  const { exit, out } = await typed(`lint ${cql}`);
  expect(exit).toBe(1);
  expect(out).toContain("1 statement cannot be judged without the schema: --schema FILE\n");
  expect(out).toMatch(/c\.cql:1:\d+ {2}not replayed {2}a conditional statement \(IF\)/);
});

it("a USE names the keyspace of what follows, and --keyspace that of the rest", async () => {
  const cql = file("d.cql", "USE shop; INSERT INTO carts (id) VALUES (1)");
  const other = file("e.cql", "INSERT INTO carts (id) VALUES (1)");
  const elsewhere = file("schema2.cql", "CREATE TABLE shop.carts (id int PRIMARY KEY)");
  expect((await typed(`lint ${cql} --schema ${elsewhere}`)).out).toBe("1 statement: 1 replay\n");
  expect((await typed(`lint ${other} --schema ${elsewhere} --keyspace shop`)).out).toBe(
    "1 statement: 1 replay\n",
  );
});
