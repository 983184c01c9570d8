import { expect, test } from "vitest";
import { isSuspect } from "./lane-receiver.ts";
import { ReleaseMemory } from "./release-memory.ts";

test.each([
  [1, 0, 0, false],
  [3, 0, 0, false],
  [4, 0, 0, true],
  [4, 1, 0, false],
  [5, 1, 0, true],
  [9, 0, 6, false],
  [9, 0, 5, true],
])("a message delivered %i times, with %i attempts and %i hand-backs of ours, is a suspect: %s", (...row) => {
  const [deliveries, attempts, released, suspect] = row;
  const delivery = { deliveries, streamSequence: 1, storedAtMs: 1 };
  expect(isSuspect(delivery, { attempts }, released)).toBe(suspect);
});

test("hand-backs are remembered for the last hundred thousand messages, and forgotten with them", () => {
  const memory = new ReleaseMemory();
  memory.released(1);
  memory.released(1);
  for (let sequence = 2; sequence <= 100_000; sequence++) memory.released(sequence);
  expect(memory.count(1)).toBe(2);
  memory.released(100_001);
  expect(memory.count(1)).toBe(0);
  expect(memory.count(2)).toBe(1);
  memory.forget(2);
  expect(memory.count(2)).toBe(0);
});
