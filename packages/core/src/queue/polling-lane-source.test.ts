import { expect, test } from "vitest";
import { PollingLaneSource } from "./polling-lane-source.ts";
import type { ReplayMessage } from "./queue.ts";

function setUp(stored: number) {
  const state = {
    stored,
    delivered: 0,
    released: 0,
    forgotten: 0,
    receives: 0,
    timers: [] as (() => void)[],
  };
  const arrivals: (() => void)[] = [];
  const errors: unknown[] = [];
  const message = {
    bytes: 100,
    release: async () => {
      state.released++;
      state.stored++;
      if (refuse) throw refuse;
    },
    forget: () => {
      state.forgotten++;
    },
  } as unknown as ReplayMessage;
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    setTimer: (callback: () => void) => {
      state.timers.push(callback);
      return () => {
        state.timers = state.timers.filter((one) => one !== callback);
      };
    },
  };
  let fail: Error | undefined;
  let refuse: Error | undefined;
  let listen: () => unknown = () => {};
  let report: (error: unknown) => unknown = (error) => errors.push(error);
  const source = new PollingLaneSource(
    async (max) => {
      state.receives++;
      if (fail) throw fail;
      const taken = Math.min(max, state.stored, 2);
      state.stored -= taken;
      return Array.from({ length: taken }, () => message);
    },
    () => {
      state.delivered++;
      for (const arrived of arrivals.splice(0)) arrived();
      return listen();
    },
    { pollIntervalMs: 100, clock, onError: (error) => report(error) },
  );
  return {
    source,
    state,
    errors,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    failWith: (e?: Error) => {
      fail = e;
    },
    refuseWith: (e?: Error) => {
      refuse = e;
    },
    listenWith: (listener: () => unknown) => {
      listen = listener;
    },
    reportWith: (listener: (error: unknown) => unknown) => {
      report = listener;
    },
  };
}

test("nothing is received before it is demanded, and never more than was demanded", async () => {
  const { source, state, settle } = setUp(10);
  await settle();
  expect(state.receives).toBe(0);
  source.demand(3);
  expect(state.delivered).toBe(0);
  await settle();
  expect(state).toMatchObject({ delivered: 3, stored: 7, timers: [] });
  source.demand(1);
  await settle();
  expect(state.delivered).toBe(4);
  await source.stop();
});

test("an empty lane is looked at again after the poll interval", async () => {
  const { source, state, settle } = setUp(0);
  source.demand(1);
  await settle();
  expect(state.timers).toHaveLength(1);
  state.stored = 1;
  state.timers[0]?.();
  await settle();
  expect(state).toMatchObject({ delivered: 1, receives: 2 });
});

test("what arrives after the demand is gone is handed back", async () => {
  const { source, state, settle } = setUp(10);
  source.demand(2);
  await null;
  source.demand(0);
  await settle();
  expect(state).toMatchObject({ delivered: 0, released: 2, stored: 10 });
});

test("stop leaves no timer and nothing in hand, and a demand after it is ignored", async () => {
  const { source, state, settle } = setUp(0);
  source.demand(5);
  await settle();
  await source.stop();
  await source.stop();
  state.stored = 3;
  source.demand(1);
  await settle();
  expect(state).toMatchObject({ delivered: 0, timers: [], receives: 1 });
});

test("a receive that fails is reported and tried again after the interval", async () => {
  const { source, state, errors, settle, failWith } = setUp(1);
  failWith(new Error("away"));
  source.demand(1);
  await settle();
  expect(errors).toHaveLength(1);
  failWith(undefined);
  state.timers[0]?.();
  await settle();
  expect(state.delivered).toBe(1);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("mine");
    },
  ],
  ["rejects", () => Promise.reject(new Error("mine"))],
])("a message whose listener %s is handed back, and the lane goes on", async (_, fail) => {
  const { source, state, errors, settle, listenWith } = setUp(5);
  listenWith(fail);
  source.demand(2);
  await settle();
  expect(state).toMatchObject({ released: 2, stored: 5 });
  expect(errors).toHaveLength(2);
  listenWith(() => {});
  source.demand(2);
  await settle();
  expect(state).toMatchObject({ released: 2, stored: 3 });
  await source.stop();
});

test("what is reported to a listener that throws changes nothing", async () => {
  const { source, state, settle, failWith, reportWith } = setUp(1);
  failWith(new Error("away"));
  reportWith(() => {
    throw new Error("mine");
  });
  source.demand(1);
  await settle();
  failWith(undefined);
  state.timers[0]?.();
  await settle();
  expect(state.delivered).toBe(1);
});

test.each([-1, 1.5, Number.NaN])("a demand of %s is refused", (demand) => {
  expect(() => setUp(1).source.demand(demand)).toThrow("Expected `messages`");
});

test("a message that cannot be handed back is forgotten, so that it holds nothing", async () => {
  const { source, state, errors, settle, listenWith, refuseWith } = setUp(1);
  const refusal = new Error("there is no connection");
  refuseWith(refusal);
  listenWith(() => {
    state.stored = -10;
    throw new Error("no use for it");
  });
  source.demand(1);
  await settle();
  expect([state.forgotten, errors.includes(refusal)]).toEqual([1, true]);
  await source.stop();
});

test("nothing more is received once the bytes that were demanded are there, until there is a new demand", async () => {
  const { source, state, settle } = setUp(10);
  source.demand(10, 150);
  await settle();
  expect([state.delivered, state.receives, state.timers.length]).toEqual([2, 1, 0]);
  source.demand(10, 0);
  await settle();
  expect(state.receives).toBe(1);
  source.demand(10, 300);
  await settle();
  expect(state.delivered).toBe(6);
  await source.stop();
});
