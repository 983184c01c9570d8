import { createTestKeyspace, onBoth } from "@helix/testkit";
import { Client, types } from "cassandra-driver";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { readError } from "../src/failure/read-error.ts";
import { errorOf } from "./two-clusters.ts";

const KEYSPACE = "client_texts";
const T = `${KEYSPACE}.t`;
const INVALID = "ResponseError 0x2200 (invalid)";
const pair = inject("cassandra");

let driver: Client;
beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(pair, async (one) => {
    await one.execute(`CREATE TYPE IF NOT EXISTS ${KEYSPACE}.p (a int)`);
    await one.execute(
      `CREATE TABLE IF NOT EXISTS ${T} (id int PRIMARY KEY, v text, n bigint, u uuid, s set<text>, m map<text, text>, l list<int>, p frozen<p>)`,
    );
    await one.execute(
      `CREATE TABLE IF NOT EXISTS ${KEYSPACE}.w (a text, b text, v text, PRIMARY KEY (a, b))`,
    );
    await one.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.c (id int PRIMARY KEY, n counter)`);
  });
  const { contactPoint, localDataCenter } = pair.A;
  driver = new Client({ contactPoints: [contactPoint], localDataCenter });
  await driver.connect();
});
afterAll(() => driver?.shutdown());

const canary = "canary";
const bytes = Buffer.from(canary);

/** A statement, what is bound to it, and what a log line says of the server's refusal. */
const FAULTS: readonly [cql: string, params: readonly unknown[], told: string][] = [
  [`INSERT INTO ${KEYSPACE}.nope (id) VALUES (?)`, [1], "table nope does not exist"],
  ["INSERT INTO nope.t (id) VALUES (?)", [1], "keyspace nope does not exist"],
  [
    "INSERT INTO t (id) VALUES (1)",
    [],
    "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename",
  ],
  ["USE nope", [], "Keyspace 'nope' does not exist"],
  [`INSERT INTO ${T} (id, z) VALUES (1, '${canary}')`, [], `Undefined column name z in table ${T}`],
  [`UPDATE ${T} SET v = '${canary}' WHERE z = 1`, [], `Undefined column name z in table ${T}`],
  [`INSERT INTO ${T} (id, v) VALUES (1, (nope)'${canary}')`, [], `Unknown type ${KEYSPACE}.nope`],
  [`INSERT INTO ${T} (id, v) VALUES (1, nope('${canary}'))`, [], "Unknown function nope called"],
  [
    `INSERT INTO ${T} (id, p) VALUES (1, {z: '${canary}'})`,
    [],
    "Unknown field 'z' in value of user defined type p",
  ],
  [
    `INSERT INTO ${T} (id, u) VALUES (1, uuid('${canary}'))`,
    [],
    "Invalid number of arguments in call to function system.uuid: 0 required but 1 provided",
  ],
  [`INSERT INTO ${T} (id) VALUES (?)`, [bytes], "Expected 4 or 0 byte int (6)"],
  [`INSERT INTO ${T} (id, n) VALUES (1, ?)`, [bytes], "Expected 8 or 0 byte long (6)"],
  [`INSERT INTO ${T} (id, u) VALUES (1, ?)`, [bytes], "UUID should be 16 or 0 bytes (6)"],
  [`INSERT INTO ${T} (id, v) VALUES (1, ?)`, [Buffer.from([0xff])], "String didn't validate."],
  [`INSERT INTO ${T} (id, s) VALUES (1, ?)`, [bytes], "Not enough bytes to read a set"],
  [`INSERT INTO ${T} (id, s) VALUES (1, {null})`, [], "null is not supported inside collections"],
  [`INSERT INTO ${T} (id, v) VALUES (?, ?)`, [null, canary], "Invalid null value in condition for column id"],
  [`UPDATE ${T} SET v = ? WHERE id = ?`, [canary, types.unset], "Invalid unset value for column id"],
  [`INSERT INTO ${KEYSPACE}.w (a, b) VALUES (?, ?)`, ["", canary], "Key may not be empty"],
  [
    `INSERT INTO ${KEYSPACE}.w (a, b) VALUES (?, ?)`,
    [canary.repeat(20_000), ""],
    "Key length of 120000 is longer than maximum of 65535",
  ],
  [`INSERT INTO ${T} (v) VALUES (?)`, [canary], "Some partition key parts are missing: id"],
  [`INSERT INTO ${KEYSPACE}.w (a, v) VALUES (?, 'x')`, [canary], "Some clustering keys are missing: b"],
  [`UPDATE ${T} SET id = 5 WHERE id = 1`, [], "PRIMARY KEY part id found in SET part"],
  [`INSERT INTO ${T} (id, v) VALUES (1, 'a', '${canary}')`, [], "Unmatched column names/values"],
  [`INSERT INTO ${T} (id, v, v) VALUES (1, 'a', '${canary}')`, [], "The column names contains duplicates"],
  [`UPDATE ${T} SET l[5] = 1 WHERE id = 1`, [], "Attempted to set an element on a list which is null"],
  [
    `UPDATE ${KEYSPACE}.c USING TTL 5 SET n = n + 1 WHERE id = 1`,
    [],
    "Cannot provide custom TTL for counter updates",
  ],
  [
    `INSERT INTO ${KEYSPACE}.c (id, n) VALUES (1, 5)`,
    [],
    "INSERT statements are not allowed on counter tables, use UPDATE instead",
  ],
  [
    `UPDATE ${KEYSPACE}.c SET n = 5 WHERE id = 1`,
    [],
    "Cannot set the value of counter column n (counters can only be incremented/decremented, not set)",
  ],
  [
    `INSERT INTO system_views.settings (name, value) VALUES ('${canary}', 'x')`,
    [],
    "Modification is not supported by table system_views.settings",
  ],
  // What quotes a value, or may.
  [`INSERT INTO ${T} (id, v) VALUES ('${canary}', 'x')`, [], INVALID],
  [`INSERT INTO ${T} (id) VALUES (99999999999)`, [], INVALID],
  [`INSERT INTO ${T} (id, v) VALUES (1, 0xcafe)`, [], INVALID],
  [`INSERT INTO ${T} (id, m) VALUES (1, {'${canary}': 4})`, [], INVALID],
  [`INSERT INTO ${T} (id, p) VALUES (1, {a: '${canary}'})`, [], INVALID],
  [`INSERT INTO ${T} (id, "ca nary") VALUES (1, 'x')`, [], INVALID],
  [`INSERT INTO ${T} (id) VALUES (1) USING TTL -5`, [], INVALID],
  [`INSERT INTO ${T} (id) VALUES (1) USING TTL 999999999`, [], INVALID],
  [`UPDATE ${T} SET v = v + '${canary}' WHERE id = 1`, [], INVALID],
  [`INSERT INTO ${T} JSON '{"id": 1, "${canary}": 2}'`, [], INVALID],
  [`INSERT INTO ${T} JSON '{"id": "${canary}"}'`, [], INVALID],
  [`INSERT INTO ${T} JSON ?`, [`{"id": ${canary}`], INVALID],
  [`INSERT INTO ${T} (id, v) VALUES (1, '${canary}'`, [], "ResponseError 0x2000 (syntax)"],
  [`INSRT '${canary}'`, [], "ResponseError 0x2000 (syntax)"],
];

test.each(FAULTS)("a real server's refusal of %s with %j is told as: %s", async (cql, params, told) => {
  const error = await errorOf(driver.execute(cql, [...params], { prepare: params.length > 0 }));
  expect(readError(error).text).toBe(told);
});
