import { describe, expect, test } from "vitest";
import { toldOfServer } from "./server-texts.ts";

// As Cassandra 5.0 says it to an ordinary user; its schema faults are provoked on a real server by another test.
describe("what is told of a server's text", () => {
  test.each([
    "unconfigured table t",
    "User mallory has no MODIFY permission on <table ks.t> or any of its parents",
    "User svc-app@corp has no CREATE permission on <all tables in ks> or any of its parents",
    "User mallory has no CREATE permission on <all keyspaces> or any of its parents",
    "Provided username mallory and/or password are incorrect",
    "Per-partition rate limit reached for writes in table ks.t, rejected by replicas",
  ])("is all of it: %s", (message) => {
    expect(toldOfServer(message)).toBe(message);
  });

  test.each([
    [
      "Guardrail column_value_size violated: Value of column 'v' has size 5000, this exceeds the failure threshold of 2048.",
    ],
    ["Guardrail column_value_size violated: canary"],
  ])("is the name of a guardrail: %s", (message) => {
    expect(toldOfServer(message)).toBe("Guardrail column_value_size violated");
  });

  test.each([
    'Invalid STRING constant (canary) for "id" of type int',
    "table ks.t does not exist: canary",
    "table canary with words does not exist",
    `table ${"x".repeat(49)} does not exist`,
    'Undefined column name "ca nary" in table ks.t',
    "canary: table ks.t does not exist",
    "table ks.t does not exist\ncanary",
    "JSON values map contains unrecognized column: canary",
    "Rejected an oversized mutation (700055/524288) for keyspace: ks. Top keys are: t.canary",
    "A TTL must be greater or equal to 0, but was -5",
    "Expected 4 or 0 byte int (12345678901)",
    "User x has no MODIFY permission on <table ks.t> or any of its parents, canary",
    "",
  ])("is nothing of what may quote a value: %s", (message) => {
    expect(toldOfServer(message)).toBeUndefined();
  });
});
