import type { ClusterId, Operation, Statement } from "@helix/core";
import { decide, type Inspection, inspect, type KeyspaceSchema, type Schema } from "@helix/safety";
import type { ReadOptions } from "../request-options.ts";
import { JudgedWrite, type KnownThen } from "./judged-write.ts";
import type { WriteTimestamps } from "./write-timestamps.ts";

/** One cluster, as `decide` asks for it. */
export interface Side {
  readonly schema: Schema;
  readonly keyspace: string | undefined;
}

type Sides = Readonly<Record<ClusterId, Side>>;

/** What was found out about a text, for as long as both clusters' schema of its table is the same object. */
interface Verdict {
  readonly schemas: Readonly<Record<ClusterId, KeyspaceSchema>>;
  readonly isPlain: boolean;
}

/**
 * The writes of which nothing is left to decide once their texts have been looked at: to one table that both clusters have told of, safe
 * to replay at any time whatever is bound, sent as they are, without a timestamp or TTL of their own. Nearly all are such. That is found
 * out once for a text and two schemas.
 */
export class PlainWrites {
  readonly #sides: Sides;
  readonly #timestamps: WriteTimestamps;
  readonly #verdicts = new WeakMap<Inspection, Verdict>();

  constructor(sides: Sides, timestamps: WriteTimestamps) {
    this.#sides = sides;
    this.#timestamps = timestamps;
  }

  /** Undefined for any other. Throws HELIX_TIMESTAMP_AHEAD. */
  judge(operation: Operation, { timestampMicros }: ReadOptions): JudgedWrite | undefined {
    const isBatch = operation.kind === "batch";
    if (isBatch && operation.batchType === "counter") return undefined;
    const statements: readonly Statement[] = isBatch ? operation.statements : [operation];
    const parts: { inspection: Inspection }[] = [];
    const known: Record<ClusterId, KeyspaceSchema[]> = { A: [], B: [] };
    for (const { query } of statements) {
      const inspection = inspect(query);
      const schemas = this.#schemasOfPlain(inspection);
      if (schemas === undefined) return undefined;
      parts.push({ inspection });
      if (!known.A.includes(schemas.A)) known.A.push(schemas.A);
      if (!known.B.includes(schemas.B)) known.B.push(schemas.B);
    }
    return new JudgedWrite({
      operation,
      timestampMicros: this.#timestamps.next(timestampMicros),
      disposition: "replay",
      parts,
      known: { A: this.#knownOn("A", known.A), B: this.#knownOn("B", known.B) },
    });
  }

  #knownOn(cluster: ClusterId, keyspaces: readonly KeyspaceSchema[]): KnownThen {
    return { keyspace: this.#sides[cluster].keyspace, keyspaces };
  }

  /** What is known of its table now; undefined where it is not plain by that. */
  #schemasOfPlain(inspection: Inspection): Verdict["schemas"] | undefined {
    const [table] = inspection.tables;
    if (table === undefined || inspection.tables.length > 1) return undefined;
    const A = schemaOn(this.#sides.A, table.keyspace?.name);
    const B = schemaOn(this.#sides.B, table.keyspace?.name);
    if (A === undefined || B === undefined) return undefined;
    let verdict = this.#verdicts.get(inspection);
    if (verdict?.schemas.A !== A || verdict.schemas.B !== B) {
      const isPlain = isPlainOn(this.#sides.A, inspection) && isPlainOn(this.#sides.B, inspection);
      verdict = { schemas: { A, B }, isPlain };
      this.#verdicts.set(inspection, verdict);
    }
    return verdict.isPlain ? verdict.schemas : undefined;
  }
}

function schemaOn({ schema, keyspace }: Side, name = keyspace): KeyspaceSchema | undefined {
  return name === undefined ? undefined : schema.keyspace(name);
}

/** Asked without values: where they count, or are to be evaluated, another verdict is the answer. */
function isPlainOn({ schema, keyspace }: Side, inspection: Inspection): boolean {
  if (inspection.verb === "batch") return false;
  const { verdict, timestamp } = decide(inspection, { schema, keyspace });
  return (verdict === "replay" || verdict === "gc") && timestamp === undefined;
}
