import { createPayload, type Params, type ReplayPayload, statementsOf } from "@helix/core";
import { decodePayload, encodePayload } from "../src/index.ts";

export const QUERY = "INSERT INTO ks.t (id, v) VALUES (?, ?)";

export function payloadOf(params: Params): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: QUERY, params },
    tables: ["ks.t"],
    timestampMicros: 1_764_000_000_123_456n,
    id: "w1-B",
    writtenAtMs: 1_764_000_000_123,
    enqueuedAtMs: 1_764_000_000_125,
  });
}

/** A bound value after it has been encoded and decoded. */
export function roundTrip(value: unknown): unknown {
  const [statement] = statementsOf(decodePayload(encodePayload(payloadOf([value]))));
  return (statement as unknown as { params: unknown[] }).params[0];
}
