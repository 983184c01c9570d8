import { decide, type Inspection, inspect, readSchema } from "@helix/safety";
import type { Bench } from "./bench.ts";
import { interleaved } from "./measure/interleaved.ts";
import { microsPerCall } from "./measure/timing.ts";
import { SIX_PARAMETERS } from "./payloads.ts";
import { pairs, type Row } from "./report/row.ts";

const ROUNDS = 5;
const CALLS = 20_000;
/** More than `inspect` keeps, so that each is read anew. */
const TEXTS = 3000;

const SCHEMA = readSchema(
  "CREATE TABLE ks.orders (id uuid PRIMARY KEY, customer text, placed_at timestamp, amount int, address text, document blob);" +
    "CREATE TABLE ks.tags (id uuid PRIMARY KEY, name text, tags set<text>);",
);
const STATEMENTS = {
  insert: SIX_PARAMETERS,
  update: "UPDATE ks.tags SET name = ?, tags = tags + ? WHERE id = ?",
  delete: "DELETE FROM ks.orders WHERE id = ?",
};
const VALUES = ["550e8400-e29b-41d4-a716-446655440000", "x", 1_764_000_000_000, 5, "y", Buffer.alloc(10)];
const WORDS = /\w+|[^\s\w]/g;

/** What it costs to read a text, to find it again, and to judge it. */
export const safety: Bench = {
  name: "safety",
  async run() {
    const rows: Row[] = [];
    for (const [name, cql] of Object.entries(STATEMENTS)) {
      const texts = Array.from({ length: TEXTS }, (_, i) => `${cql}/*${i}*/`);
      const text = (i: number) => texts[i % TEXTS] ?? "";
      const known = new Map([[cql, inspect(cql)]]);
      const micros = await interleaved(ROUNDS, {
        read: () => microsPerCall(CALLS, (i) => inspect(text(i))),
        split: () => microsPerCall(CALLS, (i) => text(i).match(WORDS)),
        found: () => microsPerCall(CALLS, () => inspect(cql)),
        judged: () => microsPerCall(CALLS, () => judged(inspect(cql))),
        lookedUp: () => microsPerCall(CALLS, () => known.get(cql)),
      });
      rows.push(
        {
          id: `safety.${name}.new`,
          what: `inspect() of a new text, ${name} of ${cql.length} characters`,
          against: "splitting it into words by a regular expression",
          unit: "µs",
          samples: pairs(micros.read, micros.split),
        },
        {
          id: `safety.${name}.known`,
          what: `inspect() of a known text, ${name}`,
          against: "a look into a Map",
          unit: "µs",
          samples: pairs(micros.found, micros.lookedUp),
        },
        {
          id: `safety.${name}.judged`,
          what: `inspect() and decide() of a known text, ${name}`,
          against: "a look into a Map",
          unit: "µs",
          samples: pairs(micros.judged, micros.lookedUp),
        },
      );
    }
    return { rows };
  },
};

function judged(inspection: Inspection): unknown {
  return decide(inspection, { schema: SCHEMA, keyspace: "ks", values: VALUES });
}
