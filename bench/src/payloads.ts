import { createPayload, type ReplayPayload } from "@helix/core";
import { types } from "cassandra-driver";

export const SIX_PARAMETERS =
  "INSERT INTO ks.orders (id, customer, placed_at, amount, address, document) VALUES (?, ?, ?, ?, ?, ?)";
export const ID = types.Uuid.fromString("550e8400-e29b-41d4-a716-446655440000");
export const DOCUMENT = Buffer.alloc(100, 7);

/** The six-parameter insert that most figures are about, of some 350 bytes. One of eleven is low, all are for B. */
export function sixParameters(i: number): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    priority: i % 11 === 0 ? "low" : "high",
    timestampMicros: 1_764_000_000_000_000n + BigInt(i),
    operation: {
      kind: "statement",
      query: SIX_PARAMETERS,
      params: [ID, "hello world", new Date(1_764_000_000_000 + i), i, { street: "x", no: 5 }, DOCUMENT],
    },
  });
}

/** One of two parameters. */
export function twoParameters(i: number, name = "Alice"): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    timestampMicros: 1_764_000_000_000_000n + BigInt(i),
    operation: {
      kind: "statement",
      query: "INSERT INTO ks.users (id, name) VALUES (?, ?)",
      params: [i, name],
    },
  });
}
