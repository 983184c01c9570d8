import type { LaneDepth } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { OwnWrites } from "./own-writes.ts";

const depth = (lane: LaneDepth["lane"], pending: number): LaneDepth => ({
  lane,
  pending,
  inFlight: 0,
  delayed: 0,
  stuck: 0,
});

function ownWrites(depths?: () => Promise<LaneDepth[]>) {
  const clock = new ManualClock();
  return { clock, own: new OwnWrites({ clock, forMs: 60_000, queue: depths && { depths } }) };
}

test("a cluster that missed nothing lacks nothing", () => {
  const { own } = ownWrites();
  own.missed("B");
  expect(own.isMissing("A")).toBe(false);
});

test("where the queue cannot be asked, a missed write is remembered for its time", async () => {
  const { own, clock } = ownWrites();
  own.missed("B");
  await clock.advance(59_999);
  expect(own.isMissing("B")).toBe(true);
  await clock.advance(1);
  expect(own.isMissing("B")).toBe(false);
});

test("it is forgotten once the queue is found empty for that cluster, whatever it holds for the other", async () => {
  let left = 1;
  const { own, clock } = ownWrites(async () => [depth("low.B", left), depth("high.A", 5)]);
  own.missed("B");
  expect(own.isMissing("B")).toBe(true);
  await settle();
  expect(own.isMissing("B")).toBe(true);
  left = 0;
  await clock.advance(250);
  expect(own.isMissing("B")).toBe(true);
  await settle();
  expect(own.isMissing("B")).toBe(false);
});

test("a queue that was empty before the last write was missed says nothing of it", async () => {
  let answer: (depths: LaneDepth[]) => void = () => {};
  const { own } = ownWrites(() => new Promise((resolve) => (answer = resolve)));
  own.missed("B");
  expect(own.isMissing("B")).toBe(true);
  own.missed("B");
  answer([depth("high.B", 0)]);
  await settle();
  expect(own.isMissing("B")).toBe(true);
});

test.each([
  ["rejects", () => Promise.reject(new Error("away"))],
  [
    "throws",
    () => {
      throw new Error("away");
    },
  ],
  ["never answers", () => new Promise<never>(() => {})],
])("a queue that %s when it is asked leaves it to time", async (_, depths) => {
  const { own, clock } = ownWrites(depths);
  own.missed("B");
  expect(own.isMissing("B")).toBe(true);
  await settle();
  expect(own.isMissing("B")).toBe(true);
  await clock.advance(60_000);
  expect(own.isMissing("B")).toBe(false);
});

test("the queue is asked at most four times a second, and once at a time", async () => {
  let asked = 0;
  const { own, clock } = ownWrites(async () => {
    asked++;
    return [depth("high.B", 1)];
  });
  own.missed("B");
  for (let ms = 0; ms < 1_000; ms += 10) {
    own.isMissing("B");
    await clock.advance(10);
  }
  expect(asked).toBe(4);
});

test("a write in the background is lacking until its end, well or not", async () => {
  const { own } = ownWrites();
  const ends: (() => void)[] = [];
  own.awaited("B", new Promise<void>((resolve) => ends.push(resolve)));
  own.awaited("B", new Promise<void>((_, reject) => ends.push(() => reject(new Error("not queued")))));
  expect(own.isMissing("B")).toBe(true);
  for (const end of ends) {
    expect(own.isMissing("B")).toBe(true);
    end();
    await settle();
  }
  expect(own.isMissing("B")).toBe(false);
});
