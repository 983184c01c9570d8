import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { Once } from "./once.ts";

function setUp() {
  const clock = new ManualClock();
  let made = 0;
  const make = async () => `${++made}`;
  return { clock, once: new Once(clock), make };
}

test("a change is made once for each key: a repeat has the first's answer, also while that is awaited", async () => {
  const { once, make } = setUp();
  const both = [once.run("key-1", { to: "B" }, make), once.run("key-1", { to: "B" }, make)];
  expect(await Promise.all(both)).toEqual(["1", "1"]);
  expect(await once.run("key-1", { to: "B" }, make)).toBe("1");
  expect(await once.run("key-2", { to: "B" }, make)).toBe("2");
});

test("another change with the same key is refused, and not made", async () => {
  const { once, make } = setUp();
  await once.run("key-1", { to: "B" }, make);
  await expect(once.run("key-1", { to: "A" }, make)).rejects.toMatchObject({
    body: { error: { code: "HELIX_API_KEY_REUSED" } },
  });
  expect(await once.run("key-2", {}, make)).toBe("2");
});

test("what was refused is tried again by a repeat", async () => {
  const { once, make } = setUp();
  await expect(once.run("key-1", {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await once.run("key-1", {}, make)).toBe("1");
});

test("a key is known for a day, and the last thousand are", async () => {
  const { clock, once, make } = setUp();
  await once.run("key-1", {}, make);
  clock.advanceNow(86_400_000);
  expect(await once.run("key-1", {}, make)).toBe("2");
  for (let n = 0; n < 1_000; n++) await once.run(`more-${n}`, {}, async () => "");
  expect(await once.run("more-999", {}, make)).toBe("");
  expect(await once.run("key-1", {}, make)).toBe("3");
});
