import type { EvaluatedCall, EvaluatedFunction } from "@helix/safety";
import { types } from "cassandra-driver";
import { expect, test } from "vitest";
import { valueOfCall } from "./evaluated-values.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 23, 4, 5, 678);
const made = (name: EvaluatedFunction) => valueOfCall({ function: name } as EvaluatedCall, NOW_MS);

test("dates and times are those of UTC, whatever the zone of the machine", () => {
  expect(made("current_timestamp")).toEqual(new Date(NOW_MS));
  expect(String(made("current_date"))).toBe("2026-01-02");
  expect(String(made("current_time"))).toBe("23:04:05.678");
});

test("each call of uuid is a value of its own", () => {
  expect(made("uuid")).toBeInstanceOf(types.Uuid);
  expect(String(made("uuid"))).not.toBe(String(made("uuid")));
});

test("the values of now are of this moment, all different, and in the order of their calls", () => {
  const before = Date.now();
  const all = Array.from({ length: 2_000 }, () => made("now") as types.TimeUuid);
  const instants = all.map((value) => {
    const { date, ticks } = value.getDatePrecision();
    return BigInt(date.getTime()) * 10_000n + BigInt(ticks);
  });
  expect(instants).toEqual([...instants].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  expect(new Set(all.map(String)).size).toBe(all.length);
  expect(all[0]?.getDate().getTime()).toBeGreaterThanOrEqual(before);
  expect(made("current_timeuuid")).toBeInstanceOf(types.TimeUuid);
});
