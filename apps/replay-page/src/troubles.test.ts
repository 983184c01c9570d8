import { expect, test } from "vitest";
import type { Status } from "./pod.ts";
import { troublesOf } from "./troubles.ts";

const calm = (name: string) => ({ name, breaker: { state: "closed", openPods: 0, pods: 2 } });
const statusWith = (change: object) =>
  ({
    clusters: { A: calm("us_east"), B: calm("us_west") },
    pods: [{ id: "pod-1", isAlive: true, silentMs: 900 }],
    warnings: [],
    unread: [],
    ...change,
  }) as unknown as Status;

test("where nothing is wrong nothing is told", () => {
  expect(troublesOf(statusWith({}))).toEqual([]);
});

test.each<[object, string]>([
  [
    { clusters: { A: calm("us_east"), B: { name: "us_west", breaker: { state: "open" } } } },
    "cluster-away us_west is away",
  ],
  [
    {
      clusters: {
        A: { name: "us_east", breaker: { state: "partly-open", openPods: 1, pods: 2 } },
        B: calm("B"),
      },
    },
    "cluster-away us_east is away for 1 of 2 pods",
  ],
  [
    { pods: [{ id: "pod-1", isAlive: false, silentMs: 62_000 }] },
    "- pod pod-1 has not said anything for 62 s",
  ],
  [{ unread: [{ part: "lanes", error: "timeout" }] }, "- lanes: timeout"],
  [
    { warnings: [{ code: "half-of-retention", sentence: "us_west: it is late" }] },
    "half-of-retention us_west: it is late",
  ],
])("%j is told in words, with where the runbook has it", (change, told) => {
  expect(troublesOf(statusWith(change)).map(({ code = "-", text }) => `${code} ${text}`)).toEqual([told]);
});

test("each has a key of its own, whatever its words are by then", () => {
  const keysAt = (text: string) =>
    troublesOf(
      statusWith({
        pods: [{ id: "pod-1", isAlive: false, silentMs: text.length * 1000 }],
        warnings: [
          { code: "lanes-nearly-full", sentence: `messages ${text}` },
          { code: "lanes-nearly-full", sentence: `bytes ${text}` },
          { code: "stuck", cluster: "B", lane: "high.B", sentence: text },
        ],
      }),
    ).map(({ key }) => key);
  expect(keysAt("now")).toEqual(keysAt("later"));
  expect(new Set(keysAt("now")).size).toBe(4);
});
