import { AsyncLocalStorage } from "node:async_hooks";
import { isHelixError } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { beforeEach, describe, expect, test } from "vitest";
import { Outstanding, OutstandingRequest } from "./outstanding.ts";

let clock: ManualClock;
let outstanding: Outstanding;
let stalls: number;
let expired: unknown[];
let started: number;

beforeEach(() => {
  clock = new ManualClock();
  stalls = 0;
  expired = [];
  outstanding = new Outstanding({
    clock,
    requestTimeoutMs: 15_000,
    maxInFlight: 100,
    busyError: () => "busy",
    onStall: () => stalls++,
  });
  started = 0;
});

const ignore = () => {};

class Request extends OutstandingRequest {
  readonly start: () => boolean;
  readonly giveUp: (error: unknown) => void;

  constructor(start: () => boolean, giveUp: (error: unknown) => void) {
    super();
    this.start = start;
    this.giveUp = giveUp;
  }
}

function add(start: () => boolean, giveUp: (error: unknown) => void): OutstandingRequest {
  const request = new Request(start, giveUp);
  outstanding.add(request);
  return request;
}

function send(requests: number): OutstandingRequest[] {
  const start = () => ++started > 0;
  return Array.from({ length: requests }, () => add(start, (error) => expired.push(error)));
}

test("a request that has waited for its turn starts in the context of its own call", () => {
  const calls = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const sent = send(100);
  calls.run("second", () => add(() => seen.push(calls.getStore()) > 0, ignore));
  calls.run("first", () => outstanding.remove(sent[0] as OutstandingRequest, true));
  expect(seen).toEqual(["second"]);
});

describe("a stall", () => {
  test("is eight requests and no answer for a second", async () => {
    send(8);
    await clock.advance(900);
    expect(stalls).toBe(0);
    await clock.advance(400);
    expect(stalls).toBeGreaterThan(0);
  });

  test("is not seven, for however long", async () => {
    send(7);
    await clock.advance(10_000);
    expect(stalls).toBe(0);
  });

  test("is not many while one of them is answered now and then", async () => {
    const requests = send(30);
    for (const request of requests.slice(0, 20)) {
      await clock.advance(700);
      outstanding.remove(request, true);
    }
    expect(stalls).toBe(0);
  });

  test("is not ended by requests that fail without an answer", async () => {
    const requests = send(20);
    for (const request of requests.slice(0, 3)) {
      await clock.advance(500);
      outstanding.remove(request, false);
    }
    expect(stalls).toBeGreaterThan(0);
  });

  test("is not what a blocked event loop looks like", async () => {
    send(8);
    await clock.block(10_000);
    expect(stalls).toBe(0);
    expect(expired).toEqual([]);
    await clock.advance(1_300);
    expect(stalls).toBeGreaterThan(0);
  });

  test("is not what goes on after an answer to something else", async () => {
    send(8);
    await clock.advance(900);
    outstanding.answered();
    await clock.advance(900);
    expect(stalls).toBe(0);
    await clock.advance(400);
    expect(stalls).toBeGreaterThan(0);
  });

  test("is counted from the eighth request, not from an answer of long ago", async () => {
    for (const request of send(1)) outstanding.remove(request, true);
    await clock.advance(60_000);
    send(8);
    await clock.advance(700);
    expect(stalls).toBe(0);
  });
});

test("a request that outlives the timeout is expired, once", async () => {
  send(2);
  await clock.advance(14_900);
  expect(expired).toEqual([]);
  await clock.advance(400);
  expect(expired).toHaveLength(2);
  expect(expired.every((error) => isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))).toBe(true);
  await clock.advance(60_000);
  expect(expired).toHaveLength(2);
});

describe("beyond what is sent at a time", () => {
  test("a request waits until one has come to an end, and they go in the order in which they came", async () => {
    const order: string[] = [];
    const requests = send(100);
    for (const name of ["a", "b", "c"]) add(() => order.push(name) > 0, ignore);
    expect(order).toEqual([]);
    const [first, second, third] = requests;
    outstanding.remove(first ?? expect.unreachable(), true);
    outstanding.remove(second ?? expect.unreachable(), false);
    expect(order).toEqual(["a", "b"]);
    outstanding.remove(third ?? expect.unreachable(), true);
    expect(order).toEqual(["a", "b", "c"]);
  });

  test("the same end twice makes room once", () => {
    const [first = expect.unreachable()] = send(102);
    outstanding.remove(first, true);
    outstanding.remove(first, true);
    expect(started).toBe(101);
  });

  test("what has waited for the timeout is refused, unsent; what was sent late has what is left of it", async () => {
    const [first = expect.unreachable()] = send(102);
    await clock.advance(10_000);
    outstanding.remove(first, true);
    expect(started).toBe(101);
    await clock.advance(4_900);
    expect(expired).toEqual([]);
    await clock.advance(400);
    expect(started).toBe(101);
    expect(expired.filter((error) => error === "busy")).toHaveLength(1);
    expect(expired.filter((error) => isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))).toHaveLength(100);
  });

  test("what comes later has its own time, and its turn when those before it have been given up", async () => {
    send(100);
    await clock.advance(1_000);
    for (let n = 0; n < 100_000; n++) send(1);
    await clock.advance(14_250);
    expect(started).toBe(200);
    expect(expired).toHaveLength(100);
    await clock.advance(1_000);
    expect(expired).toHaveLength(100_100);
    expect(clock.timers).toBe(0);
  });

  test("those that cannot be started any more make way at once", () => {
    const [first = expect.unreachable()] = send(100);
    let refused = 0;
    for (let n = 0; n < 100_000; n++) add(() => ++refused < 0, ignore);
    outstanding.remove(first, false);
    expect(refused).toBe(100_000);
  });
});

test("a close gives up all of them, and says which were never sent", () => {
  send(102);
  outstanding.close();
  expect(expired).toHaveLength(102);
  expect(expired.filter((error) => isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))).toHaveLength(100);
  expect(expired.filter((error) => isHelixError(error, "HELIX_CLIENT_CLOSED"))).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test("the timer exists only while something is outstanding", async () => {
  const [request] = send(1);
  expect(clock.timers).toBe(1);
  if (request !== undefined) outstanding.remove(request, true);
  await clock.advance(300);
  expect(clock.timers).toBe(0);
  send(1);
  outstanding.close();
  expect(clock.timers).toBe(0);
});
