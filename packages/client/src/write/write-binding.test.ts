import { helixError } from "@helix/core";
import { expect, test } from "vitest";
import { byPosition } from "../bindings/positions.ts";
import { WriteBinding } from "./write-binding.ts";

const refusal = helixError("HELIX_PAYLOAD_INVALID", "no", { path: "params[0]" });
const bind = (binding: WriteBinding, cluster: "A" | "B") =>
  binding.on(cluster)(byPosition([1], ["id"], "params"), [{ code: 9, info: null }], {});

test("what was not bound is called off, and is never bound then", () => {
  const binding = new WriteBinding();
  bind(binding, "A");
  expect(binding.callOff("B", refusal)).toBe(true);
  expect(() => bind(binding, "B")).toThrow(refusal);
});

test("what has been bound is perhaps under way, and cannot be called off", () => {
  const binding = new WriteBinding();
  bind(binding, "B");
  expect(binding.callOff("B", refusal)).toBe(false);
  expect(bind(binding, "B")).toEqual([1]);
});

test("a refusal of the driver's own encoder calls nothing off: it does not show that the driver asks first", () => {
  const binding = new WriteBinding();
  expect(binding.callOff("B", new TypeError("Not a valid value"))).toBe(false);
  expect(bind(binding, "B")).toEqual([1]);
});

test("values are bound once for columns of the same types, and are judged anew by those of others", () => {
  const binding = new WriteBinding();
  const by = (cluster: "A" | "B", params: object, code: number) =>
    binding.on(cluster)(byPosition(params as never, ["id"], "params"), [{ code, info: null }], {});
  const bound = by("A", { id: 1 }, 9);
  expect(by("B", { id: 1 }, 9)).toBe(bound);
  expect(() => by("B", { id: 1 }, 10)).toThrow(/Cannot bind `params.id` as text/);
  expect(() => by("B", { id: "x" }, 9)).toThrow(/Cannot bind `params.id` as int/);
  expect(by("B", { id: 2 }, 9)).toEqual([2]);
});
