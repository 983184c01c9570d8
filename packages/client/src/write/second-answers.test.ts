import { isHelixError } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { beforeEach, expect, test } from "vitest";
import type { ClusterLink } from "../session/cluster-link.ts";
import { type SecondAnswer, SecondAnswers } from "./second-answers.ts";

let clock: ManualClock;
let answers: SecondAnswers;
let becomesUnavailable: () => void;

beforeEach(() => {
  clock = new ManualClock();
  const link = {
    onUnavailable: (listener: () => void) => {
      becomesUnavailable = listener;
      return () => {};
    },
    unavailableError: () => new Error("unavailable"),
  };
  answers = new SecondAnswers(link as unknown as ClusterLink, clock, 2_000);
});

function awaited(): SecondAnswer & { readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const answer = {
    errors,
    dueAtMs: 0,
    list: undefined,
    before: undefined,
    after: undefined,
    giveUp: (error: unknown) => void errors.push(error),
  };
  answers.wait(answer);
  return answer;
}

test("each is given up after its own time, by one timer", async () => {
  const first = awaited();
  await clock.advance(500);
  const second = awaited();
  expect(clock.timers).toBe(1);
  await clock.advance(1_499);
  expect(first.errors).toEqual([]);
  await clock.advance(1);
  expect(first.errors.map((error) => isHelixError(error, "HELIX_EXECUTE_TIMEOUT"))).toEqual([true]);
  expect(second.errors).toEqual([]);
  await clock.advance(499);
  expect(second.errors).toEqual([]);
  await clock.advance(1);
  expect(second.errors).toHaveLength(1);
  await clock.advance(10_000);
  expect([first.errors, second.errors].flat()).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test("one that has come is not given up, nor is what comes after it sooner than it should be", async () => {
  const first = awaited();
  await clock.advance(1_000);
  const second = awaited();
  answers.end(first);
  answers.end(first);
  await clock.advance(1_999);
  expect([first.errors, second.errors]).toEqual([[], []]);
  await clock.advance(1);
  expect(second.errors).toHaveLength(1);
});

test("all are given up once the cluster ceases to be available, and what comes later has its time", async () => {
  const before = [awaited(), awaited()];
  becomesUnavailable();
  expect(before.flatMap(({ errors }) => errors)).toHaveLength(2);
  const later = awaited();
  await clock.advance(1_999);
  expect(later.errors).toEqual([]);
  await clock.advance(1);
  expect(later.errors).toHaveLength(1);
});

test("after a close what is awaited has its time, and with the last of it the timer goes", () => {
  const [first, second] = [awaited(), awaited()];
  answers.close();
  answers.end(first);
  expect(clock.timers).toBe(1);
  answers.end(second);
  expect(clock.timers).toBe(0);
});

test("what is due when this process stood still is given up after another look, however late that is", async () => {
  const answer = awaited();
  await clock.block(3_000);
  expect(answer.errors).toEqual([]);
  await clock.advance(250);
  expect(answer.errors).toHaveLength(1);

  const other = awaited();
  await clock.block(3_000);
  await clock.block(3_000);
  expect(other.errors).toHaveLength(1);
  expect(clock.timers).toBe(0);
});
