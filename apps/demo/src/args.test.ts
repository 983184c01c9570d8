import { describe, expect, test } from "vitest";
import { DEPLOYMENTS, OUTAGES, parseDemoArgs, USAGE, UsageError } from "./args.ts";

describe("parseDemoArgs", () => {
  test("has a default for every flag", () => {
    expect(parseDemoArgs([])).toEqual({
      deployment: "memory",
      rows: 10_000,
      outage: "kill",
      outageSeconds: 8,
      keep: false,
    });
  });

  test("takes every flag, after a separator too", () => {
    const argv = [
      "--",
      "--deployment",
      "nats",
      "--rows",
      "500",
      "--outage=freeze",
      "--outage-seconds",
      "3",
      "--keep",
    ];
    expect(parseDemoArgs(argv)).toEqual({
      deployment: "nats",
      rows: 500,
      outage: "freeze",
      outageSeconds: 3,
      keep: true,
    });
  });

  test.each(["--help", "-h"])("answers %s with help", (flag) => {
    expect(parseDemoArgs([flag])).toBe("help");
  });

  test("documents every choice within 80 columns", () => {
    for (const word of [...DEPLOYMENTS, ...OUTAGES, "--keep"]) expect(USAGE).toContain(`  ${word} `);
    expect(Math.max(...USAGE.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each([
    [["--rows", "9"], "--rows takes a whole number from 10 to 1000000"],
    [["--rows", "1e3"], '--rows takes a whole number from 10 to 1000000; got "1e3"'],
    [["--rows", "-5"], /--rows/],
    [["--rows"], /--rows/],
    [["--deployment", "cloud"], '--deployment takes memory, nats, service; got "cloud"'],
    [["--outage", "flood"], '--outage takes kill, freeze, refuse, blackhole; got "flood"'],
    [["--outage-seconds", "0"], "--outage-seconds takes a whole number from 1 to 600"],
    [["--outage-seconds", "1.5"], /--outage-seconds/],
    [["--keep=yes"], /keep/],
    [["--row", "5"], /--row/],
    [["extra"], /extra/],
  ])("explains %j", (argv, message) => {
    expect(() => parseDemoArgs(argv)).toThrow(UsageError);
    expect(() => parseDemoArgs(argv)).toThrow(message);
  });
});
