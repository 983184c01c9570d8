import type { StreamInfo } from "@nats-io/jetstream";
import { describe, expect, it } from "vitest";
import { strayFindings, stuckFindings } from "./lane-findings.ts";
import { clockFindings, rightFindings, versionFindings } from "./server-findings.ts";
import { copyFindings, driftFindings, foreignFindings, roomFindings } from "./stream-findings.ts";

const codes = (findings: readonly { code: string; harm: string }[]) =>
  findings.map(({ code, harm }) => `${code}: ${harm}`);

function stream(config: object = {}, state: object = {}, cluster?: object): StreamInfo {
  return {
    config: { name: "s", storage: "file", num_replicas: 3, max_msgs: 100, max_bytes: 1000, ...config },
    state: { messages: 0, bytes: 0, consumer_count: 4, ...state },
    cluster,
  } as unknown as StreamInfo;
}

describe("what a server's version tells", () => {
  it.each([
    ["2.9.10", ["server-faulty: loss"]],
    ["2.10.26", ["server-faulty: loss"]],
    ["2.10.27", ["server-unmaintained: advice"]],
    ["2.12.0", []],
    ["v2.15.1", []],
    ["of unknown version", ["server-faulty: loss"]],
  ])("of %s", (version, expected) => {
    expect(codes(versionFindings(version))).toEqual(expected);
  });
});

describe("how many machines a stream survives", () => {
  it.each([
    ["in memory none", stream({ storage: "memory" }), ["in-memory: loss"]],
    ["with one copy none", stream({ num_replicas: 1 }), ["one-copy: loss"]],
    [
      "with three that are current, one",
      stream(
        {},
        {},
        {
          replicas: [
            { name: "n2", current: true },
            { name: "n3", current: true },
          ],
        },
      ),
      [],
    ],
    [
      "with one that is offline and one behind, none",
      stream(
        {},
        {},
        {
          replicas: [
            { name: "n2", current: false, offline: true },
            { name: "n3", current: false },
          ],
        },
      ),
      ["copy-behind: loss", "copy-behind: loss"],
    ],
  ])("%s", (_, info, expected) => {
    expect(codes(copyFindings(info))).toEqual(expected);
  });
});

describe("how full a stream is", () => {
  it.each([
    ["below 80 %", stream({}, { messages: 79, bytes: 799 }), []],
    ["at 80 % of its messages", stream({}, { messages: 80 }), ["nearly-full: loss"]],
    ["at 80 % of both", stream({}, { messages: 90, bytes: 900 }), ["nearly-full: loss", "nearly-full: loss"]],
    ["without limits", stream({ max_msgs: -1, max_bytes: undefined }, { messages: 90, bytes: 900 }), []],
  ])("%s", (_, info, expected) => {
    expect(codes(roomFindings(info, { harm: "full", cure: "more room" }))).toEqual(expected);
  });
});

describe("what is not as the options say", () => {
  it("is a loss where the server deletes by it, an exposure where others get it, and holds up otherwise", () => {
    const differing = (field: string) => ({ object: "stream s", field, expected: 1, actual: undefined });
    const limit = (expected: number, actual: number) => ({ ...differing("max_msgs"), expected, actual });
    const found = [differing("max_age"), limit(20, 10), limit(10, 20), differing("republish")];
    expect(codes(driftFindings(found))).toEqual([
      "drift: loss",
      "drift: loss",
      "drift: standstill",
      "drift: exposure",
    ]);
    expect(driftFindings([differing("max_age")])[0]?.what).toMatch(
      /^`max_age` is not set, and 0.000001 ms by the options/,
    );
    const paused = { object: "consumer c", field: "pause_until", expected: undefined, actual: "later" };
    expect(driftFindings([paused])[0]?.cure).toContain("no option sets it");
  });
});

describe("who else has to do with the lanes", () => {
  it.each([
    ["nobody", stream(), []],
    ["a consumer that is no lane's", stream({}, { consumer_count: 5 }), ["foreign-consumer: loss"]],
    [
      "a Go process",
      stream({ description: "Helix dual-cluster replay queue", discard: "old" }),
      ["go-process: loss"],
    ],
  ])("%s", (_, info, expected) => {
    expect(codes(foreignFindings(info))).toEqual(expected);
  });
});

describe("clocks", () => {
  it.each([
    [900, true, []],
    [-1100, true, ["clock-offset: advice"]],
    [61_000, false, ["clock-offset: standstill"]],
  ])("that are %i ms apart", (offsetMs, isTrusted, expected) => {
    expect(codes(clockFindings(offsetMs, isTrusted))).toEqual(expected);
  });
});

describe("the rights of a user", () => {
  const allowed = (allow: unknown) => ({ data: { permissions: { publish: { allow } } } });
  it.each([
    ["as needed", allowed(["a", "b"]), []],
    ["fewer", allowed(["a"]), []],
    ["more", allowed(["a", "c.>"]), ["more-rights: exposure"]],
    ["without bounds", { data: {} }, ["all-rights: exposure"]],
    ["an answer that is none", null, ["all-rights: exposure"]],
    ["an empty list, by which nothing is bounded", allowed([]), ["all-rights: exposure"]],
  ])("%s", (_, answer, expected) => {
    expect(codes(rightFindings(answer, ["a", "b"]))).toEqual(expected);
  });

  it("are named, five at most", () => {
    const many = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"];
    expect(rightFindings(allowed(many), ["a"])[0]?.what).toMatch("c1, c2, c3, c4, c5, and 2 more.");
  });
});

it("what the lanes owe nobody, and what lies beside them, is counted", () => {
  const depth = { pending: 0, inFlight: 0, delayed: 0 };
  const depths = [
    { ...depth, lane: "high.A", stuck: 0 },
    { ...depth, lane: "low.B", stuck: 3 },
  ] as const;
  expect(stuckFindings(depths)).toMatchObject([{ code: "stuck", where: "lane low.B" }]);
  expect(strayFindings(0, "s")).toEqual([]);
  expect(codes(strayFindings(2, "s"))).toEqual(["strays: loss"]);
});
