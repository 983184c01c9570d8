import { isHelixError } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { beforeEach, describe, expect, test } from "vitest";
import { Outstanding, type OutstandingRequest } from "./outstanding.ts";

let clock: ManualClock;
let outstanding: Outstanding;
let stalls: number;
let expired: unknown[];

beforeEach(() => {
  clock = new ManualClock();
  stalls = 0;
  expired = [];
  outstanding = new Outstanding({ clock, requestTimeoutMs: 15_000, onStall: () => stalls++ });
});

function send(requests: number): OutstandingRequest[] {
  return Array.from({ length: requests }, () => outstanding.add((error) => expired.push(error)));
}

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
