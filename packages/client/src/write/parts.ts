import type { Operation, Statement } from "@helix/core";
import { type Inspection, inspect } from "@helix/safety";

/** A statement of a write, and what its text says. */
export interface Part extends Statement {
  readonly inspection: Inspection;
  /** Its number in a batch, from 1. */
  readonly member: number | undefined;
}

export function partsOf(operation: Operation): readonly Part[] {
  if (operation.kind === "statement") return [partOf(operation, undefined)];
  return operation.statements.map((statement, index) => partOf(statement, index + 1));
}

/** The keyspaces that they write to on a session of this one. Each once. */
export function keyspacesOf(parts: readonly Part[], session: string | undefined): string[] {
  const names: string[] = [];
  for (const { inspection } of parts) {
    for (const { keyspace } of inspection.tables) {
      const name = keyspace?.name ?? session;
      if (name !== undefined && !names.includes(name)) names.push(name);
    }
  }
  return names;
}

function partOf({ query, params }: Statement, member: number | undefined): Part {
  return { query, params, inspection: inspect(query), member };
}
