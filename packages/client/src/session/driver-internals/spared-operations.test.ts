import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { spareOperations } from "./spared-operations.ts";

const DriverConnection = createRequire(import.meta.url)("cassandra-driver/lib/connection");

function bound(its: unknown, operations = new Map<number, object>()): Map<number, object> {
  const connection = { constructor: its, bindSocketListeners() {}, _operations: operations };
  spareOperations(connection);
  connection.bindSocketListeners();
  return connection._operations;
}

test("requests are found by their numbers until they are answered, as in the driver's Map", () => {
  const step = fc.record({
    what: fc.constantFrom("get", "set", "delete", "values"),
    // Others than the small ones are a server's, which may answer what it was never asked.
    id: fc.oneof(fc.nat(40), fc.constant(32_767)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const [drivers, ours] = [new Map<number, object>(), bound(DriverConnection)];
      expect(ours).not.toBeInstanceOf(Map);
      for (const { what, id } of steps) {
        const operation = { id };
        const [theirs, own] = [drivers, ours].map((operations) => {
          if (what === "get") return operations.get(id);
          if (what === "values") return new Set(operations.values());
          if (what === "delete") return void operations.delete(id);
          return id > 40 ? undefined : void operations.set(id, operation);
        });
        expect(own).toEqual(theirs);
      }
    }),
  );
});

test("a connection keeps its Map while something is in it, and one that is built otherwise", () => {
  const waiting = new Map([[1, {}]]);
  expect(bound(DriverConnection, waiting)).toBe(waiting);
  class Otherwise {
    readonly _operations = new Map();
    sizeOf() {
      return this._operations.size;
    }
  }
  expect(bound(Otherwise)).toBeInstanceOf(Map);
});
