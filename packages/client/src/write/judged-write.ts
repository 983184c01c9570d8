import type { ClusterId, Operation, PayloadInput } from "@helix/core";
import { type KeyspaceSchema, tablesIn } from "@helix/safety";
import type { Part } from "./parts.ts";

/** What was known of a cluster at a write. */
export interface KnownThen {
  /** Of its sessions. */
  readonly keyspace: string | undefined;
  /** Those that the write is in, as far as they were known. */
  readonly keyspaces: readonly KeyspaceSchema[];
}

/** What of a payload is known at the write alone. */
export type PayloadFacts = Pick<PayloadInput, "tables" | "schema">;

export interface JudgedWriteOptions {
  /** As it is sent to both clusters, and queued for either. */
  readonly operation: Operation;
  /** As the caller said it, where values were made for it. */
  readonly asked?: Operation | undefined;
  /** That of the text, where it has one. */
  readonly timestampMicros: bigint;
  /** What becomes of what a cluster misses. What is not `replay` must not be sent twice by itself. */
  readonly disposition: "replay" | "hold" | "unsafe";
  readonly parts: readonly Pick<Part, "inspection">[];
  /** As it was then: of a table that is made anew before the write is queued, another id would be known. */
  readonly known: Readonly<Record<ClusterId, KnownThen>>;
}

/** A write that may be sent. */
export class JudgedWrite {
  readonly operation: Operation;
  readonly asked: Operation | undefined;
  readonly timestampMicros: bigint;
  readonly disposition: JudgedWriteOptions["disposition"];
  readonly #parts: JudgedWriteOptions["parts"];
  readonly #known: Readonly<Record<ClusterId, KnownThen>>;

  constructor({ operation, asked, timestampMicros, disposition, parts, known }: JudgedWriteOptions) {
    this.operation = operation;
    this.asked = asked;
    this.timestampMicros = timestampMicros;
    this.disposition = disposition;
    this.#parts = parts;
    this.#known = known;
  }

  /** @param saidNoTable Whether the cluster itself has answered the write so, which is news of the table if it is of one alone. */
  factsFor(cluster: ClusterId, saidNoTable = false): PayloadFacts {
    const { keyspace, keyspaces } = this.#known[cluster];
    const tables = new Set<string>();
    const tableIds: Record<string, string | null> = {};
    let gcGraceSeconds = Number.POSITIVE_INFINITY;
    for (const { inspection } of this.#parts) {
      for (const name of tablesIn(inspection, keyspace)) tables.add(name);
      for (const name of inspection.tables) {
        const known = keyspaces.find((one) => one.name === (name.keyspace?.name ?? keyspace));
        if (known === undefined) continue;
        const table = known.tables.get(name.table.name);
        if (table !== undefined) gcGraceSeconds = Math.min(gcGraceSeconds, table.gcGraceSeconds);
        // A keyspace is known as a whole: what it does not have is surely not there.
        const id = table === undefined ? null : table.id;
        if (id !== undefined) tableIds[`${known.name}.${name.table.name}`] = id;
      }
    }
    const [only] = tables;
    if (saidNoTable && only !== undefined && tables.size === 1)
      return { tables: [only], schema: { tableIds: { [only]: null } } };
    // Also of a cluster of which nothing was known: by the other's tables the default TTL stands in the text.
    return {
      tables: [...tables].sort(),
      schema: { tableIds, ...(Number.isFinite(gcGraceSeconds) && { gcGraceSeconds }) },
    };
  }
}
