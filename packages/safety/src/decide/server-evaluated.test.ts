import { expect, it } from "vitest";
import { textObjection } from "./server-evaluated.ts";

const objection = (text: string, type: string) => textObjection(text, type, { at: 7 });

it.each([
  "2026-01-02Z",
  "2026-01-02+01",
  "2026-01-02 -0500",
  "2026-01-02 03:04Z",
  "2026-01-02T03:04:05Z",
  "2026-01-02T03:04:05.678+01:00",
  "2026-01-02 03:04:05.123456789 UTC",
  "2026-01-02 03:04 GMT",
  "2026-01-02 03:04 GMT-5:00",
  "2026-1-2 3:4:5 Z",
  "1700000000000",
  "-5",
  "",
])("%j is the same time everywhere", (text) => {
  expect(objection(text, "timestamp")).toBeUndefined();
});

it.each([
  "2026-01-02",
  "2026-01-02 03:04",
  "2026-01-02T03:04:05",
  "2026-01-02T03:04:05.678",
  "2026-01-02 03:04:05 CET",
  "2026-01-02T03:04:05z",
  "2026-01-02Z\n",
  "x2026-01-02Z",
  "+5",
  "1e5",
  "١",
  "2026-01",
])("%j is refused for a timestamp, with a cure", (text) => {
  expect(objection(text, "timestamp")).toMatchObject({
    kind: "refuse",
    reason: { at: 7, construct: "a timestamp without a time zone", cure: expect.stringContaining("Z") },
  });
});

it.each(["now", "NOW", "Now"])(
  "%s is the clock of the node for a timestamp, and a word for a text",
  (text) => {
    expect(objection(text, "timestamp")?.reason.construct).toBe("'now' for a timestamp");
    expect(objection(text, "text")).toBeUndefined();
    expect(objection(text, "date")).toBeUndefined();
  },
);

it.each(["10.0.0.1", "::1", "2001:db8::ff00:42:8329", "::ffff:10.0.0.1", ""])("%j is an address", (text) => {
  expect(objection(text, "inet")).toBeUndefined();
});

it.each(["localhost", "10.0.0", "300.0.0.1", "fe80::1%eth0", "[::1]", "10.0.0.1 ", "cafe"])(
  "%j may be looked up by the node, and is refused for an inet",
  (text) => {
    expect(objection(text, "inet")?.reason).toMatchObject({ construct: "a host name for an inet", at: 7 });
  },
);

it("a long text takes no longer than its length", () => {
  const digits = `2026-01-02 03:04:05.${"1".repeat(1_000_000)}`;
  const start = performance.now();

  expect(objection(`${digits}Z`, "timestamp")).toBeUndefined();
  expect(objection(digits, "timestamp")).toBeDefined();
  expect(objection("9".repeat(1_000_000), "timestamp")).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(2_000);
});
