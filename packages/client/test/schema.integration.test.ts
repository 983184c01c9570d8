import { EventHub, type SessionEvents } from "@helix/core";
import { createTestKeyspace, waitFor, withDriver } from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { readSessionOptions } from "../src/client-options.ts";
import type { ClusterLink } from "../src/session/cluster-link.ts";
import type { ClusterLinks } from "../src/session/cluster-links.ts";
import { createLinks } from "../src/session/create-links.ts";

const KEYSPACE = "client_known_schema";
const TABLES = 60;
const pair = inject("cassandra");
let links: ClusterLinks;
let link: ClusterLink;

const byAnother = (...statements: string[]) =>
  withDriver(pair.A, async (driver) => {
    for (const statement of statements) await driver.execute(statement);
  });

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await byAnother(
    `DROP MATERIALIZED VIEW IF EXISTS ${KEYSPACE}.by_name`,
    `CREATE TYPE IF NOT EXISTS ${KEYSPACE}.address (street text, zip int)`,
    ...Array.from(
      { length: TABLES },
      (_, n) =>
        `CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t${n} (k int, c int, name text, l list<frozen<address>>, s text static, PRIMARY KEY (k, c))`,
    ),
    `CREATE TABLE IF NOT EXISTS ${KEYSPACE}.counts (k int PRIMARY KEY, n counter)`,
    `ALTER TABLE ${KEYSPACE}.t0 WITH default_time_to_live = 0 AND gc_grace_seconds = 60`,
    `CREATE MATERIALIZED VIEW ${KEYSPACE}.by_name AS SELECT k, c, name FROM ${KEYSPACE}.t0 ` +
      "WHERE name IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (name, k, c)",
    `CREATE OR REPLACE FUNCTION ${KEYSPACE}.plus_one (x int) RETURNS NULL ON NULL INPUT RETURNS int ` +
      "LANGUAGE java AS 'return x + 1;'",
  );
  const { contactPoint, localDataCenter } = pair.A;
  const options = { clusters: { A: { contactPoints: [contactPoint], localDataCenter } } };
  links = createLinks(readSessionOptions("test", options), new EventHub<SessionEvents>());
  links.start();
  link = links.get("A");
  await waitFor(() => link.isConnected, { timeoutMs: 30_000, describe: "a session" });
}, 240_000);
afterAll(() => links.close());

const table = (name: string) => link.schema.known(KEYSPACE)?.tables.get(name);

test("a keyspace of a real server is known: keys, lists, counters, views, functions and ids", async () => {
  await link.schema.load([KEYSPACE]);
  const { tables, types, functions } = link.schema.known(KEYSPACE) ?? expect.unreachable();
  expect(tables.size).toBe(TABLES + 2);
  expect(
    [...(table("t1")?.columns.values() ?? [])].map(({ name, kind }) => `${name} ${kind}`).sort(),
  ).toEqual(["c clustering", "k partition", "l regular", "name regular", "s static"]);
  expect(table("t1")).toMatchObject({ gcGraceSeconds: 864_000, isCounter: false, isView: false });
  expect(table("t1")?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-1/);
  expect(table("t1")?.columns.get("l")?.type).toMatchObject({ kind: "list", isFrozen: false });
  expect(table("counts")?.isCounter).toBe(true);
  expect(table("by_name")?.isView).toBe(true);
  expect([...(types.get("address")?.fields.keys() ?? [])]).toEqual(["street", "zip"]);
  expect(functions).toEqual(new Set(["plus_one"]));
});

test("what another client alters is known as soon as the server tells of it", async () => {
  await link.schema.load([KEYSPACE], { maxAgeMs: 0 });
  expect(table("t1")?.defaultTtlSeconds).toBe(0);
  try {
    await byAnother(`ALTER TABLE ${KEYSPACE}.t1 WITH default_time_to_live = 3600`);
    await waitFor(
      async () => {
        await link.schema.load([KEYSPACE]);
        return table("t1")?.defaultTtlSeconds === 3_600;
      },
      { timeoutMs: 10_000, describe: "the new default TTL" },
    );
  } finally {
    await byAnother(`ALTER TABLE ${KEYSPACE}.t1 WITH default_time_to_live = 0`);
  }
});

test("a truncation is told by the next look, with its time by the server's clock, which is close to ours", async () => {
  const fromMs = Date.now();
  await byAnother(`TRUNCATE ${KEYSPACE}.t2`);
  await link.schema.load([KEYSPACE], { maxAgeMs: 0 });
  const atMs = link.schema.truncatedAtMs(table("t2")?.id ?? "") ?? Number.NaN;
  expect(Math.abs(link.schema.clockOffsetMs ?? Number.NaN)).toBeLessThan(1_000);
  expect(atMs).toBeGreaterThan(fromMs - 1_000);
  expect(atMs).toBeLessThan(Date.now() + 1_000);
});

test("the table with the least gc_grace_seconds is none of the server's own", async () => {
  const { table: name = "", gcGraceSeconds = Number.NaN } = (await link.schema.shortestGrace()) ?? {};
  expect(name).not.toMatch(/^system/);
  expect(gcGraceSeconds).toBeLessThanOrEqual(60);
});
