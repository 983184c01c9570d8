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
