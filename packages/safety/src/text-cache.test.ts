import { expect, it, vi } from "vitest";
import { TextCache } from "./text-cache.ts";

it("finds out once about a text", () => {
  const find = vi.fn((text: string) => ({ text }));
  const cache = new TextCache(find);
  expect(cache.get("a")).toBe(cache.get("a"));
  expect(find).toHaveBeenCalledTimes(1);
});

it("forgets all when a thousand texts, or a million characters, are not enough", () => {
  const cache = new TextCache((text) => text.length);
  for (let i = 0; i < 3000; i++) cache.get(`text ${i}`);
  expect(cache.length).toBeLessThanOrEqual(1000 * "text 1000".length);
  for (let i = 0; i < 30; i++) cache.get(`${i}`.repeat(60_000));
  expect(cache.length).toBeLessThanOrEqual(1_000_000);
});

it("does not keep a text of more than a million characters, and keeps the others", () => {
  const find = vi.fn((text: string) => text.length);
  const cache = new TextCache(find);
  cache.get("a");
  cache.get("x".repeat(1_000_001));
  cache.get("x".repeat(1_000_001));
  cache.get("a");
  expect(find.mock.calls.map(([text]) => text.length)).toEqual([1, 1_000_001, 1_000_001]);
});
