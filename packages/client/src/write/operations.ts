import { helixError, type Operation, type Params, type Statement } from "@helix/core";
import { assertBindable, describeType, expected, isWellFormed } from "@helix/core/internal";
import { inspect } from "@helix/safety";
import type { BatchOptions } from "../request-options.ts";
import { batchTypeOf } from "../session/driver-request.ts";
import { ownValue } from "./own-values.ts";
import { assertNoUse } from "./refusal.ts";

/** A statement of a batch: its text alone, or with what is bound to it. */
export type BatchStatement = string | { readonly query: string; readonly params?: Params | undefined };

const NO_PARAMS: Params = Object.freeze([]);

/** The protocol counts the statements of a batch in 16 bits. */
const MAX_STATEMENTS = 65_535;

/**
 * @throws TypeError for an empty text; HELIX_PAYLOAD_INVALID for what cannot be bound, or has no UTF-8; HELIX_NOT_REPLAYABLE
 * for USE.
 */
export function readStatement(query: unknown, params: unknown): Extract<Operation, { kind: "statement" }> {
  return { ...readPart(query, params, ""), kind: "statement" };
}

/** As {@link readStatement}, for each; TypeError for an empty batch, RangeError for more than 65,535 statements. */
export function readBatch(statements: unknown, options: BatchOptions): Extract<Operation, { kind: "batch" }> {
  if (!Array.isArray(statements) || statements.length === 0) {
    throw new TypeError(expected("statements", "an array of at least one statement", statements));
  }
  if (statements.length > MAX_STATEMENTS) {
    throw new RangeError(expected("statements", `an array of at most ${MAX_STATEMENTS}`, statements));
  }
  return {
    kind: "batch",
    batchType: batchTypeOf(options),
    // Not `map`, which skips holes.
    statements: Array.from(statements, (statement: unknown, index) => {
      const path = `statements[${index}].`;
      if (typeof statement === "string") return readPart(statement, undefined, path);
      const { query, params } = (statement ?? {}) as { query?: unknown; params?: unknown };
      return readPart(query, params, path);
    }),
  };
}

/** With null for undefined, as a driver sends it that is told not to take it for unset: a payload means unset by it. */
export function withNulls(operation: Operation): Operation {
  if (operation.kind === "statement") return { ...operation, params: nullsIn(operation.params) };
  const statements = operation.statements.map(({ query, params }) => ({ query, params: nullsIn(params) }));
  return { ...operation, statements };
}

function nullsIn(params: Params): Params {
  if (Array.isArray(params)) return params.map((value: unknown) => value ?? null);
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value ?? null]));
}

function readPart(query: unknown, params: unknown, path: string): Statement {
  if (typeof query !== "string" || query.trim() === "") {
    const got = typeof query === "string" ? "an empty one" : describeType(query);
    throw new TypeError(`Expected \`${path}query\` to be a CQL statement, got ${got}`);
  }
  // The driver would send another text, and no queue would take this one once a cluster has missed it.
  if (!isWellFormed(query)) {
    const text = `Cannot send \`${path}query\`: it has half of a surrogate pair, which has no UTF-8`;
    throw helixError("HELIX_PAYLOAD_INVALID", text, { path: `${path}query` });
  }
  assertNoUse(inspect(query));
  if (params === undefined || params === null) return { query, params: NO_PARAMS };
  const own = ownValue(params, `${path}params`) as Params;
  assertBindable(own, `${path}params`);
  // Of a batch that is not prepared the driver knows arrays alone.
  const isOfBatch = path !== "";
  if (isOfBatch && Object.keys(own).length === 0 && inspect(query).markers.length === 0)
    return { query, params: NO_PARAMS };
  return { query, params: own };
}
