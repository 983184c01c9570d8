import { expect, test } from "vitest";
import { type ClusterId, clusterOf, LANES, laneOf, priorityOf } from "../cluster.ts";
import { LocalClusterGate } from "./cluster-gate.ts";

test("a gate is open at first, and tells each change once to whoever still listens", () => {
  const gate = new LocalClusterGate();
  const changes: ClusterId[] = [];
  const subscription = gate.onChange((cluster) => changes.push(cluster));
  expect([gate.state("A"), gate.state("B")]).toEqual(["open", "open"]);
  gate.set("B", "drained");
  gate.set("B", "drained");
  expect([gate.state("A"), gate.state("B")]).toEqual(["open", "drained"]);
  subscription[Symbol.dispose]();
  gate.set("B", "open");
  expect(changes).toEqual(["B"]);
});

test("a gate is set, and all who listen are told, though one of them throws", () => {
  const gate = new LocalClusterGate();
  const changes: ClusterId[] = [];
  gate.onChange(() => {
    throw new Error("mine");
  });
  gate.onChange((cluster) => changes.push(cluster));
  gate.set("A", "paused");
  expect([gate.state("A"), changes]).toEqual(["paused", ["A"]]);
});

test("a gate refuses clusters and states that do not exist", () => {
  const gate = new LocalClusterGate();
  expect(() => gate.set("C" as "A", "open")).toThrow(/`cluster` to be "A" or "B", got "C"/);
  expect(() => gate.set("A", "shut" as "open")).toThrow(/`state`/);
});

test("a lane is taken apart into what it was made of", () => {
  for (const lane of LANES) expect(laneOf(clusterOf(lane), priorityOf(lane))).toBe(lane);
});
