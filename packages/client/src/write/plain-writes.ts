import type { ClusterId, Operation } from "@helix/core";
import { decide, type Inspection, inspect, type KeyspaceSchema, type Schema } from "@helix/safety";
import type { ReadOptions } from "../request-options.ts";
import { JudgedWrite, type JudgedWriteOptions } from "./judged-write.ts";
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
  /** Of a write of this text alone. */
  readonly alone: Facts;
}

type Facts = Pick<JudgedWriteOptions, "parts" | "known">;

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
    const facts =
      operation.kind === "batch" ? this.#ofBatch(operation) : this.#plain(inspect(operation.query))?.alone;
    if (facts === undefined) return undefined;
    const { parts, known } = facts;
    const next = this.#timestamps.next(timestampMicros);
    return new JudgedWrite({ operation, timestampMicros: next, disposition: "replay", parts, known });
  }

  #ofBatch({ batchType, statements }: Extract<Operation, { kind: "batch" }>): Facts | undefined {
    if (batchType === "counter") return undefined;
    const parts: { inspection: Inspection }[] = [];
    const known: Record<ClusterId, KeyspaceSchema[]> = { A: [], B: [] };
    for (const { query } of statements) {
      const inspection = inspect(query);
      const schemas = this.#plain(inspection)?.schemas;
      if (schemas === undefined) return undefined;
      parts.push({ inspection });
      if (!known.A.includes(schemas.A)) known.A.push(schemas.A);
      if (!known.B.includes(schemas.B)) known.B.push(schemas.B);
    }
    return { parts, known: this.#known(known) };
  }

  #known({ A, B }: Readonly<Record<ClusterId, readonly KeyspaceSchema[]>>): Facts["known"] {
    const { A: a, B: b } = this.#sides;
    return { A: { keyspace: a.keyspace, keyspaces: A }, B: { keyspace: b.keyspace, keyspaces: B } };
  }

  /** Undefined where it is not plain by what is known of its table now. */
  #plain(inspection: Inspection): Verdict | undefined {
    const [table] = inspection.tables;
    if (table === undefined || inspection.tables.length > 1) return undefined;
    const A = schemaOn(this.#sides.A, table.keyspace?.name);
    const B = schemaOn(this.#sides.B, table.keyspace?.name);
    if (A === undefined || B === undefined) return undefined;
    let verdict = this.#verdicts.get(inspection);
    if (verdict?.schemas.A !== A || verdict.schemas.B !== B) {
      const isPlain = isPlainOn(this.#sides.A, inspection) && isPlainOn(this.#sides.B, inspection);
      const alone = { parts: [{ inspection }], known: this.#known({ A: [A], B: [B] }) };
      verdict = { schemas: { A, B }, isPlain, alone };
      this.#verdicts.set(inspection, verdict);
    }
    return verdict.isPlain ? verdict : undefined;
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
