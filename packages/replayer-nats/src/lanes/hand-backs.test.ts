import { expect, test } from "vitest";
import { HandBacks } from "./hand-backs.ts";

const delivery = (streamSequence: number, deliveries: number, storedAtMs = 1) => ({
  streamSequence,
  deliveries,
  storedAtMs,
});
const record = { attempts: 3 };

test.each([
  ["the next delivery of the same message", delivery(7, 3), record],
  ["a first delivery, of which nobody knows anything", delivery(8, 1), { attempts: 0 }],
  ["a delivery after one that somebody else had", delivery(7, 4), undefined],
  ["the same delivery, as of a consumer that was made again", delivery(7, 2), undefined],
  ["another message, which no hand-back of ours was about", delivery(8, 3), undefined],
  ["another message in the same place of a stream that was made again", delivery(7, 3, 2), undefined],
])("of what was handed back, %s is known as it should be", (_, next, known) => {
  const handBacks = new HandBacks();
  handBacks.note(delivery(7, 2), record);
  expect(handBacks.recall(next)).toEqual(known);
});

test("hand-backs are remembered for the last hundred thousand messages, and forgotten with them", () => {
  const handBacks = new HandBacks();
  for (let sequence = 1; sequence <= 100_001; sequence++) handBacks.note(delivery(sequence, 1), record);
  expect(handBacks.recall(delivery(1, 2))).toBe(undefined);
  expect(handBacks.recall(delivery(2, 2))).toBe(record);
  handBacks.forget(delivery(2, 2));
  expect(handBacks.recall(delivery(2, 2))).toBe(undefined);
});
