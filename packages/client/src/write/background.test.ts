import { silentLogger } from "@helix/core";
import { expect, test } from "vitest";
import { InFlight } from "../session/in-flight.ts";
import { Background } from "./background.ts";

const MiB = 2 ** 20;

test("is bounded by the bytes of what is watched as well as by its number, and what is larger is watched alone", async () => {
  const background = new Background({ limit: 100, inFlight: new InFlight(), logger: silentLogger });
  expect(background.hasRoomFor(100 * MiB)).toBe(true);
  const ends: (() => void)[] = [];
  background.watch(new Promise<void>((resolve) => ends.push(resolve)), 40 * MiB);
  expect([24, 25].map((bytes) => background.hasRoomFor(bytes * MiB))).toEqual([true, false]);
  ends[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect([background.hasRoomFor(64 * MiB), background.size]).toEqual([true, 0]);
});
