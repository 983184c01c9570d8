import type { Operation } from "@helix/core";
import { expect, test } from "vitest";
import { MadeValues } from "./made-values.ts";

function write(id: number, bytes = 1) {
  const asked: Operation = { kind: "statement", query: "INSERT … now()", params: [id] };
  const operation: Operation = { ...asked, params: [id, "x".repeat(bytes)] };
  return { timestampMicros: BigInt(id), asked, operation };
}

test("the oldest is forgotten of more than a thousand writes, or than 16 MiB of them", () => {
  for (const [count, bytes] of [
    [1_000, 1],
    [15, 1024 * 1024],
  ] as const) {
    const made = new MadeValues();
    const writes = Array.from({ length: count + 1 }, (_, id) => write(id, bytes));
    const isKept = ({ asked, operation, timestampMicros }: ReturnType<typeof write>) =>
      made.of({ ...asked }, timestampMicros) === operation;
    for (const one of writes) made.keep(one);
    expect(writes.map(isKept)).toEqual(writes.map((_, at) => at > 0));
  }
});
