import { expect, test } from "vitest";
import { type ApiErrorMeaning, meaningOf } from "./api-errors.ts";

test.each<[number, string, ApiErrorMeaning]>([
  [10008, "JetStream system temporarily unavailable", "passes"],
  [10009, "JetStream cluster can not handle request", "passes"],
  [10005, "no suitable peers for placement, peer offline 's3'", "passes"],
  [10005, "no suitable peers for placement, insufficient storage", "full"],
  [10005, "no suitable peers for placement, peer offline 's3', insufficient storage", "passes"],
  [10118, "stream is offline", "passes"],
  [10158, "duplicate message id is in process", "passes"],
  [10167, "too many requests", "passes"],
  [10049, "error creating store for stream: mkdir", "busy"],
  [10012, "deliver policy can not be updated", "busy"],
  [10077, "maximum messages exceeded", "full"],
  [10077, "maximum messages per subject exceeded", "full"],
  [10077, "maximum bytes exceeded", "full"],
  [10077, "write /data/1.blk: no space left on device", "full"],
  [10077, "store is closed", "passes"],
  [10023, "insufficient resources", "full"],
  [10047, "insufficient storage resources available", "full"],
  [10002, "resource limits exceeded for account", "full"],
  [10054, "message size exceeds maximum allowed", "too large"],
  [10057, "no message found", "missing"],
  [10057, "store is closed", "passes"],
  [10043, "sequence 7 not found", "missing"],
  [10059, "stream not found", "missing"],
  [10058, "stream name already in use with a different configuration", "exists"],
  [10071, "wrong last sequence: 7", "conflict"],
  [10164, "wrong last sequence", "conflict"],
  [10060, "expected stream does not match", "refused"],
  [10065, "subjects overlap with an existing stream", "refused"],
  [10074, "replicas > 1 not supported in non-clustered mode", "refused"],
  [10039, "JetStream not enabled for account", "refused"],
  [99999, "what a later server says", "refused"],
])("error %i, `%s`, %s", (code, description, meaning) => {
  expect(meaningOf(code, description)).toBe(meaning);
});
