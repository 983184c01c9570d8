import { decide, type Inspection, inspect, readSchema } from "@helix/safety";
import { heading, line, median, whole } from "./figures.ts";

const ROUNDS = 7;
/** More than `inspect` keeps, so that each is read anew. */
const TEXTS = 3000;
const CALLS = 200_000;

const SCHEMA = readSchema(
  "CREATE TABLE ks.orders (id uuid PRIMARY KEY, customer text, placed_at timestamp, amount int, address text, document blob);" +
    "CREATE TABLE ks.tags (id uuid PRIMARY KEY, name text, tags set<text>);",
);
const STATEMENTS = {
  "an INSERT of six columns":
    "INSERT INTO ks.orders (id, customer, placed_at, amount, address, document) VALUES (?, ?, ?, ?, ?, ?)",
  "an UPDATE of two": "UPDATE ks.tags SET name = ?, tags = tags + ? WHERE id = ?",
  "a DELETE": "DELETE FROM ks.orders WHERE id = ?",
};
const VALUES = ["550e8400-e29b-41d4-a716-446655440000", "x", 1_764_000_000_000, 5, "y", Buffer.alloc(10)];

/** What it costs to read a text, to find it again, and to judge it. In processor time, so other work on the machine matters less. */
export async function benchSafety(): Promise<void> {
  heading(`Safety: ${ROUNDS} rounds of ${whole(CALLS)} calls, processor time`);
  for (const [name, cql] of Object.entries(STATEMENTS)) {
    const texts = Array.from({ length: TEXTS }, (_, i) => `${cql}/*${i}*/`);
    report(`inspect, a new text: ${name}, ${cql.length} characters`, (i) => inspect(texts[i % TEXTS] ?? ""));
    report(`inspect, a known text: ${name}`, () => inspect(cql));
    report(`inspect and decide, a known text: ${name}`, () => judged(inspect(cql)));
  }
}

function judged(inspection: Inspection): unknown {
  return decide(inspection, { schema: SCHEMA, keyspace: "ks", values: VALUES });
}

function report(name: string, call: (i: number) => unknown): void {
  const nanos: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) call(i);
    const { user, system } = process.cpuUsage(before);
    // The first round warms up.
    if (round > 0) nanos.push(((user + system) * 1000) / CALLS);
  }
  const each = median(nanos);
  line(name, `${whole(each)} ns, ${(1000 / each).toFixed(2)} million per second`);
}
