import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { Poller, type Seen } from "./poller.ts";
import { Refusal } from "./refusal.ts";

function setUp() {
  const clock = new ManualClock();
  const seen: Seen<number>[] = [];
  const state = { asked: 0, under: 0, most: 0, isHidden: false, fails: false, takesMs: 0 };
  const poller = new Poller<number>({
    ask: async () => {
      state.most = Math.max(state.most, ++state.under);
      const number = ++state.asked;
      await new Promise<void>((done) => void clock.setTimer(done, state.takesMs));
      state.under--;
      if (state.fails) throw new Refusal(0, undefined);
      return number;
    },
    everyMs: () => 2_000,
    isHidden: () => state.isHidden,
    onSeen: (one) => void seen.push(one),
    clock,
  });
  return { clock, seen, state, poller };
}

test("it asks every two seconds, and never twice at once although an answer takes a minute", async () => {
  const { clock, seen, state, poller } = setUp();
  poller.now();
  await clock.advance(9_000);
  expect(seen.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
  state.takesMs = 60_000;
  await clock.advance(126_000);
  expect(state).toMatchObject({ asked: 8, most: 1 });
});

test("while the pod does not answer the last answer stays, and it is asked more and more seldom, every 15 s at the least", async () => {
  const { clock, seen, state, poller } = setUp();
  poller.now();
  await clock.advance(1_000);
  state.fails = true;
  await clock.advance(60_000);
  // At 2, 4, 8, 16, 31, 46 and 61 s.
  expect(state.asked).toBe(8);
  expect(seen.at(-1)).toMatchObject({ value: 1, atMs: 0, failure: { status: 0 } });
  state.fails = false;
  await clock.advance(15_000);
  expect(seen.at(-1)).toEqual({ value: 9, atMs: expect.any(Number) });
  const { asked } = state;
  await clock.advance(4_000);
  expect(state.asked).toBe(asked + 2);
});

test("of a page that nobody looks at it is asked every 30 s", async () => {
  const { clock, state, poller } = setUp();
  state.isHidden = true;
  poller.now();
  await clock.advance(120_000);
  expect(state.asked).toBe(5);
});

test("who has changed something is shown what was asked for after it, however often that is said", async () => {
  const { clock, seen, state, poller } = setUp();
  state.takesMs = 100;
  poller.now();
  await clock.advance(50);
  for (let times = 0; times < 3; times++) poller.now();
  await clock.advance(250);
  expect(seen.map(({ value }) => value)).toEqual([1, 2]);
  expect(state).toMatchObject({ asked: 2, most: 1 });
});

test("an answer of which nobody can tell when to ask again is none, and it is asked again", async () => {
  const clock = new ManualClock();
  const seen: Seen<null>[] = [];
  const poller = new Poller<null>({
    ask: async () => null,
    everyMs: () => {
      throw new TypeError();
    },
    isHidden: () => false,
    onSeen: (one) => void seen.push(one),
    clock,
  });
  poller.now();
  await clock.advance(3_000);
  expect(seen).toMatchObject([{ failure: { status: 200 } }, { failure: { status: 200 } }]);
  poller.stop();
});

test.each([Number.NaN, -1, 0])(
  "an answer after which it is to be asked again in %d ms is no reason to ask at once",
  async (ms) => {
    const clock = new ManualClock();
    let asked = 0;
    const poller = new Poller<number>({
      ask: async () => ++asked,
      everyMs: () => ms,
      isHidden: () => false,
      onSeen: () => {},
      clock,
    });
    poller.now();
    await clock.advance(5_000);
    expect(asked).toBe(3);
    poller.stop();
  },
);

test("after the end nothing is asked, told, or waited for", async () => {
  const { clock, seen, state, poller } = setUp();
  state.takesMs = 100;
  poller.now();
  await clock.advance(50);
  poller.stop();
  await clock.advance(60_000);
  poller.now();
  expect([seen.length, state.asked, clock.timers]).toEqual([0, 1, 0]);
});

test("an hour later it has no more timers than at the beginning", async () => {
  const { clock, state, poller } = setUp();
  poller.now();
  await clock.advance(3_599_000);
  expect(state.asked).toBe(1_800);
  expect(clock.timers).toBe(1);
});
