import { expect, test } from "vitest";
import { TextCache } from "./text-cache.ts";

test("a text is looked at once, be nothing found in it", () => {
  const looked: string[] = [];
  const cache = new TextCache((text) => void looked.push(text));
  for (const text of ["a", "b", "a", "b"]) expect(cache.get(text)).toBeUndefined();
  expect(looked).toEqual(["a", "b"]);
});

test.each([
  ["short", 10_000, 20],
  ["a megabyte each", 20, 1_000_000],
])("texts that are %s do not fill the memory, and the last one is still known", (_, count, length) => {
  let looks = 0;
  const cache = new TextCache((text) => {
    looks++;
    return text.length;
  });
  for (let n = 0; n < count; n++) {
    const text = String(n).padEnd(length);
    expect(cache.get(text)).toBe(length);
    expect(cache.get(text)).toBe(length);
    expect(cache.length).toBeLessThanOrEqual(4_000_000);
  }
  expect(looks).toBe(count);
});
