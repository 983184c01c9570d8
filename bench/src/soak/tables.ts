import type { Priority, Statement } from "@helix/core";
import { createTestKeyspace, onBoth } from "@helix/testkit";
import { types } from "cassandra-driver";

type Pair = Parameters<typeof createTestKeyspace>[0];

const KEYSPACE = "soak";
/** Few enough to be written again and again, and compared in seconds. */
const KEYS = 3_000;

const TABLES = {
  orders: {
    schema: "(id int PRIMARY KEY, customer text, amount bigint, note text)",
    keys: "id",
    cells: ["customer", "amount", "note"],
  },
  profiles: {
    schema: "(id text, field text, value text, changed timestamp, PRIMARY KEY (id, field))",
    keys: "id, field",
    cells: ["value", "changed"],
  },
  carts: {
    schema: "(id int PRIMARY KEY, items map<text, int>, tags set<text>, owner frozen<person>)",
    keys: "id",
    cells: ["items", "tags", "owner"],
  },
} as const;

/** Makes the tables on both clusters. */
export async function createTables(pair: Pair): Promise<void> {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(pair, async (driver) => {
    await driver.execute(`CREATE TYPE IF NOT EXISTS ${KEYSPACE}.person (name text, born date)`);
    for (const [table, { schema }] of Object.entries(TABLES)) {
      await driver.execute(
        `CREATE TABLE IF NOT EXISTS ${KEYSPACE}.${table} ${schema.replace("person", `${KEYSPACE}.person`)}`,
      );
    }
  });
}

export interface SoakWrite {
  readonly statements: readonly Statement[];
  readonly priority: Priority;
}

/** Inserts, updates, deletes and batches by chance, over rows that earlier ones have touched. */
export function randomWrite(random: () => number, serial: number): SoakWrite {
  const make = [insertOrder, updateOrder, deleteOrder, setProfile, deleteProfile, setCart, addToCart];
  const one = () => {
    const id = Math.floor(random() * KEYS);
    return (make[Math.floor(random() * make.length)] ?? insertOrder)(id, serial);
  };
  const count = random() < 0.1 ? 1 + Math.floor(random() * 4) : 1;
  return { statements: Array.from({ length: count }, one), priority: random() < 0.3 ? "low" : "high" };
}

const insertOrder = (id: number, serial: number): Statement => ({
  query: `INSERT INTO ${KEYSPACE}.orders (id, customer, amount, note) VALUES (?, ?, ?, ?)`,
  params: [id, `customer ${serial}`, types.Long.fromNumber(serial), `order ${serial}`],
});
const updateOrder = (id: number, serial: number): Statement => ({
  query: `UPDATE ${KEYSPACE}.orders SET note = :note WHERE id = :id`,
  params: { id, note: `note ${serial}` },
});
const deleteOrder = (id: number): Statement => ({
  query: `DELETE FROM ${KEYSPACE}.orders WHERE id = ?`,
  params: [id],
});
const setProfile = (id: number, serial: number): Statement => ({
  query: `INSERT INTO ${KEYSPACE}.profiles (id, field, value, changed) VALUES (?, ?, ?, ?)`,
  params: [`user ${id % 500}`, `field ${id % 7}`, `value ${serial}`, new Date(1.7e12 + serial)],
});
const deleteProfile = (id: number): Statement => ({
  query: `DELETE value FROM ${KEYSPACE}.profiles WHERE id = ? AND field = ?`,
  params: [`user ${id % 500}`, `field ${id % 7}`],
});
const setCart = (id: number, serial: number): Statement => ({
  query: `INSERT INTO ${KEYSPACE}.carts (id, items, tags, owner) VALUES (?, ?, ?, ?)`,
  params: [
    id,
    { apple: serial, pear: id },
    [`tag ${serial % 9}`, "new"],
    { name: `owner ${serial}`, born: types.LocalDate.fromString("1990-02-03") },
  ],
});
const addToCart = (id: number, serial: number): Statement => ({
  query: `UPDATE ${KEYSPACE}.carts SET items[?] = ?, tags = tags - ? WHERE id = ?`,
  params: [`fruit ${serial % 5}`, serial, [`tag ${serial % 9}`], id],
});

export interface Comparison {
  readonly rows: number;
  /** Rows of which a value or a write time differs, or that one cluster alone has. */
  readonly differences: number;
  readonly examples: readonly string[];
}

/** Every cell of every table with its write time, on both clusters. */
export async function compareTables(pair: Pair): Promise<Comparison> {
  const { A, B } = await onBoth(pair, async (driver) => {
    const rows = new Map<string, string>();
    for (const [table, { keys, cells }] of Object.entries(TABLES)) {
      const columns = cells.flatMap((cell) => [cell, `WRITETIME(${cell})`]);
      const query = `SELECT ${keys}, ${columns.join(", ")} FROM ${KEYSPACE}.${table}`;
      const keyCount = keys.split(",").length;
      for await (const row of await driver.execute(query, [], { prepare: true, fetchSize: 1000 })) {
        const values = row.values().map((value) => JSON.stringify(value));
        rows.set(`${table} ${values.slice(0, keyCount)}`, values.slice(keyCount).join(" "));
      }
    }
    return rows;
  });
  const differing = [...new Set([...A.keys(), ...B.keys()])].filter((key) => A.get(key) !== B.get(key));
  const side = (rows: ReadonlyMap<string, string>, key: string): string => rows.get(key) ?? "absent";
  return {
    rows: new Set([...A.keys(), ...B.keys()]).size,
    differences: differing.length,
    examples: differing.slice(0, 5).map((key) => `${key}: A ${side(A, key)} | B ${side(B, key)}`),
  };
}
