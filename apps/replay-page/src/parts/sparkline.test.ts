import { expect, test } from "vitest";
import { pathOf } from "./sparkline.tsx";

test("the newest point is at the right, the largest at the top, nothing at the bottom", () => {
  expect(pathOf([0, 10], 10)).toBe("M118.7 27.0L120.0 1.0");
});

test("where it is not known there is no line", () => {
  expect(pathOf([5, null, 5, 5], 10).match(/[ML]/g)).toEqual(["M", "M", "L"]);
  expect(pathOf([], 10)).toBe("");
  expect(pathOf([null], 10)).toBe("");
});

test("of more than ninety points the last are drawn", () => {
  const path = pathOf(
    Array.from({ length: 5_000 }, () => 1),
    1,
  );
  expect(path.match(/[ML]/g)).toHaveLength(90);
  expect(path).toMatch(/^M0\.0 /);
});
